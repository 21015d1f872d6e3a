"""Exchanges the key of a Google service account for an access token that is valid for one hour.

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
from registries.client.responses import is_web_page, json_object, temporary_error
from registries.client.transport import Response, Transport
from registries.client.urls import Url
from registries.credentials import Basic, GoogleServiceAccount

# Constant, because a server at another URL could use the signed assertion at Google for an hour.
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
HOST = Url.parse(TOKEN_URI).authority
# The message of `invalid_grant` if the machine's clock is wrong: "Invalid JWT: Token
# must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp
# values in the JWT claim." See https://github.com/SteveWinward/GoogleSheetsWrapper/issues/42
_UNTIMELY = re.compile(r"\b(iat|exp|timeframe)\b|\bJWT\b.*\bexpired\b", re.IGNORECASE)


def exchange(account: GoogleServiceAccount, transport: Transport, deadline: Deadline) -> Exchanged:
    """Return an access token as the password of `oauth2accesstoken`. Raises ClientError."""
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
        # If no request was sent, the key could not be read or used to sign.
        return request.failure or Misconfigured("unreadable_key")
    if not is_token(credentials.token) or credentials.expiry is None:
        return Unreachable("bad_answer", host=HOST)
    return Exchanged(
        Basic("oauth2accesstoken", credentials.token), credentials.expiry.replace(tzinfo=UTC)
    )


class _Request(sdk.Request):
    """An HTTP client for google-auth that uses our transport.

    failure: the error if the response turns out to contain no token.
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
        # The error is raised here because google-auth would sleep and try again.
        self.failure = _error_of(response)
        if response.status != 200:
            raise self.failure
        return SimpleNamespace(status=200, headers=response.headers, data=response.body)


def _error_of(response: Response) -> ClientError:
    """Return the error for a response that turns out to contain no token."""
    if response.status in {400, 401, 403}:
        data = json_object(response.body) or {}
        description = str(data.get("error_description"))
        if data.get("error") == "invalid_grant" and _UNTIMELY.search(description):
            return Misconfigured("clock_skew", host=HOST)
        if response.status == 403 and is_web_page(response):
            return Misconfigured("token_server_refused", host=HOST)
        # Google answers a revoked key, a wrong one and an unknown account with 400.
        return Rejected("bad_credentials")
    error = temporary_error(response.status, response.headers, HOST)
    return error or Unreachable("bad_answer", host=HOST)
