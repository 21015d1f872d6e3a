"""A Google service account's key becomes a one-hour access token.

Sources: google-auth, google/oauth2/service_account.py; RFC 7523, section 2.1.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from types import SimpleNamespace
from typing import Any

from google.auth import transport as sdk
from google.oauth2.service_account import Credentials

from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured, Rejected, Unreachable
from registries.client.exchange.base import LIMIT, Exchanged, is_token
from registries.client.responses import document, is_web_page, trouble
from registries.client.transport import Response, Transport
from registries.client.urls import Url
from registries.credentials import Basic, GoogleServiceAccount

# A constant: whoever named another could use the signed assertion at Google for an hour.
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
HOST = Url.parse(TOKEN_URI).authority
# What `invalid_grant` says of an assertion that was made too early or too late: "Invalid JWT: Token
# must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp
# values in the JWT claim." See https://github.com/SteveWinward/GoogleSheetsWrapper/issues/42
_UNTIMELY = re.compile(r"\b(iat|exp|timeframe)\b|\bJWT\b.*\bexpired\b", re.IGNORECASE)


def exchange(account: GoogleServiceAccount, transport: Transport, deadline: Deadline) -> Exchanged:
    """Ask Google for an access token, the password of `oauth2accesstoken`. Raises ClientError."""
    outcome = _exchange(account, _Request(transport, deadline))
    if isinstance(outcome, ClientError):
        raise outcome.with_traceback(None)
    return outcome


def _exchange(account: GoogleServiceAccount, request: "_Request") -> Exchanged | ClientError:
    info = {
        "client_email": account.client_email,
        "private_key": account.private_key,
        "token_uri": TOKEN_URI,
    }
    try:
        credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call] # google-auth has no types
            info, scopes=[SCOPE]
        )
        credentials.refresh(request)
    except Exception:  # noqa: BLE001 - cryptography and google-auth raise all sorts
        # What fails before anything is sent is the key: reading it, or signing with it.
        return request.failure or Misconfigured("unreadable_key")
    if not is_token(credentials.token) or credentials.expiry is None:
        return Unreachable("bad_answer", host=HOST)
    return Exchanged(
        Basic("oauth2accesstoken", credentials.token), credentials.expiry.replace(tzinfo=UTC)
    )


class _Request(sdk.Request):
    """google-auth's requests, over our transport.

    failure: what the answer meant where it was not a token; once a request is out, every fault
        is the answer's.
    """

    def __init__(self, transport: Transport, deadline: Deadline) -> None:
        self._transport = transport
        self._deadline = deadline
        self.failure: ClientError | None = None

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> SimpleNamespace:
        try:
            response = self._transport.request(
                method, url, headers=headers, body=body, deadline=self._deadline, limit=LIMIT
            )
        except ClientError as error:
            self.failure = error.with_traceback(None)
            raise
        # Told here and not from google-auth's error: it would try again first, and sleep.
        self.failure = _meaning(response)
        if response.status != 200:
            raise self.failure
        return SimpleNamespace(status=200, headers=response.headers, data=response.body)


def _meaning(response: Response) -> ClientError:
    """What an answer means if it turns out to hold no token."""
    if response.status in {400, 401, 403}:
        answer = document(response.body) or {}
        about = str(answer.get("error_description"))
        if answer.get("error") == "invalid_grant" and _UNTIMELY.search(about):
            return Misconfigured("clock_skew", host=HOST)
        if response.status == 403 and is_web_page(response):
            return Misconfigured("token_server_refused", host=HOST)
        # Google answers a revoked key, a wrong one and an unknown account with 400.
        return Rejected("bad_credentials")
    other = trouble(response.status, response.headers, HOST)
    return other or Unreachable("bad_answer", host=HOST)
