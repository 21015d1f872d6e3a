"""Exchanges an IAM access key for the user `AWS` and a password that is valid for twelve hours.

Sources: botocore data/ecr/2015-09-21 and data/ecr-public/2020-10-30, GetAuthorizationToken.
"""

import base64
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import boto3.session
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.exceptions import ClientError as AwsError

from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured, Rejected, Throttled, Unreachable
from registries.client.exchange.base import LIMIT, Exchanged
from registries.client.responses import is_web_page, temporary_error
from registries.client.transport import Transport
from registries.client.urls import Url
from registries.credentials import AwsKeys, Basic

_PASSWORD = re.compile(r"AWS:([!-~]+)", re.ASCII)

# A dict, because the type stubs do not know all of these keywords.
_CONFIG: dict[str, Any] = {
    "ignore_configured_endpoint_urls": True,
    "proxies": {},
    "retries": {"mode": "standard", "total_max_attempts": 1},
}

_REFUSED = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# The machine's clock is wrong: either the code or the message says so.
# Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html and
# https://github.com/upmc-enterprises/registry-creds/issues/47
_CLOCK = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
_UNTIMELY = re.compile(r"signature (has )?expired|signature not yet current", re.IGNORECASE)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def exchange(keys: AwsKeys, transport: Transport, deadline: Deadline) -> Exchanged:
    """Ask the ECR API of the keys' region for a password. Raises ClientError."""
    if not keys.access_key.strip() or not keys.secret_access_key.strip():
        # boto3 would use the machine's own identity instead.
        raise Misconfigured("incomplete")
    outcome = _Call(keys, transport, deadline).run()
    if isinstance(outcome, ClientError):
        raise outcome.with_traceback(None)
    return outcome


class _Call:
    """One GetAuthorizationToken, signed by botocore and sent by our transport."""

    def __init__(self, keys: AwsKeys, transport: Transport, deadline: Deadline) -> None:
        self._keys = keys
        self._transport = transport
        self._deadline = deadline
        # The API's URL, before the transport applies `endpoints`.
        self._url = ""
        self._failure: ClientError | None = None

    def run(self) -> Exchanged | ClientError:
        with _without_debug_logs():
            session = _session()
            if not _is_region(session, self._keys):
                return Misconfigured("unknown_region")
            client = self._client(session)
            self._url = client.meta.endpoint_url
            return self._ask(client)

    def _client(self, session: boto3.session.Session) -> Any:
        service = self._keys.service
        client = session.client(
            service,
            region_name=self._keys.region,
            aws_access_key_id=self._keys.access_key,
            aws_secret_access_key=self._keys.secret_access_key,
            config=Config(**_CONFIG),
        )
        client.meta.events.register(f"before-sign.{service}", self._redirect)
        client.meta.events.register(f"before-send.{service}", self._send)
        return client

    def _ask(self, client: Any) -> Exchanged | ClientError:
        host = Url.parse(self._url).authority
        try:
            response = client.get_authorization_token()
        except AwsError as error:
            return _refusal(error, host)
        except Exception:  # noqa: BLE001 - a hostile response may raise anything in the SDK
            return self._failure or Unreachable("bad_answer", host=host)
        return _read(response) or Unreachable("bad_answer", host=host)

    def _redirect(self, request: Any, **_: Any) -> None:
        """Sign for the target's host: the signature includes the Host header."""
        request.url = self._transport.target(request.url)

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        """Send the request in place of botocore's own HTTP client."""
        headers = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
            if name.lower() != "user-agent"
        }
        try:
            response = self._transport.request(
                "POST",
                self._url,
                headers=headers,
                body=request.body,
                deadline=self._deadline,
                limit=LIMIT,
            )
        except ClientError as error:
            self._failure = error.with_traceback(None)
            raise
        host = Url.parse(self._url).authority
        self._failure = temporary_error(response.status, response.headers, host)
        if response.status == 403 and is_web_page(response):
            self._failure = Misconfigured("token_server_refused", host=host)
        if self._failure:
            raise self._failure
        # The type stubs expect another class than botocore itself uses.
        response_headers: Any = response.headers
        return AWSResponse(self._url, response.status, response_headers, _Raw(response.body))


class _Raw:
    """A response body with the interface that AWSResponse expects."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def _session() -> boto3.session.Session:
    """Return a session that ignores environment variables and files in the home directory."""
    no_environment = {
        name: (None, None, os.devnull if name.endswith("_file") else default, convert)
        for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    return boto3.session.Session(
        botocore_session=botocore.session.Session(session_vars=no_environment)
    )


def _is_region(session: boto3.session.Session, keys: AwsKeys) -> bool:
    return any(
        keys.region in session.get_available_regions(keys.service, partition)
        for partition in session.get_available_partitions()
    )


def _refusal(error: AwsError, host: str) -> ClientError:
    """Return the ClientError for an error of the API, by its code or else by its status."""
    code = error.response.get("Error", {}).get("Code")
    message = str(error.response.get("Error", {}).get("Message"))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _CLOCK or _UNTIMELY.search(message):
        return Misconfigured("clock_skew", host=host)
    if code in _REFUSED:
        return Rejected("bad_credentials")
    if code in _DENIED:
        return Misconfigured("no_permission")
    if code in _THROTTLED:
        return Throttled("rate_limited", host=host)
    if status in {401, 403}:
        return Rejected("bad_credentials")
    return Unreachable("bad_answer", host=host)


def _read(response: Any) -> Exchanged | None:
    """Return the password in a response, or None if there is no usable one."""
    try:
        data = response["authorizationData"]
        # The API for private registries returns a list, that for the public one an object.
        data = data[0] if isinstance(data, list) else data
        text = base64.b64decode(data["authorizationToken"], validate=True).decode("ascii")
        expires_at, registry = data["expiresAt"].astimezone(UTC), data.get("proxyEndpoint")
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    match = _PASSWORD.fullmatch(text)
    if match is None or not isinstance(expires_at, datetime):
        return None
    return Exchanged(
        Basic("AWS", match[1]), expires_at, registry if isinstance(registry, str) else None
    )


_is_silenced = ContextVar("_hushed", default=False)


def _may_log(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG or not _is_silenced.get()


@contextmanager
def _without_debug_logs() -> Iterator[None]:
    """Drop the DEBUG logs of botocore during this block, because they contain tokens.

    Other threads, and the site's own use of botocore, are not affected.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("botocore."):
            # A filter does not see the records of child loggers, so each logger gets its own.
            logging.getLogger(name).addFilter(_may_log)
    token = _is_silenced.set(True)
    try:
        yield
    finally:
        _is_silenced.reset(token)
