"""What the responses of registries mean: errors, pauses, limits. Their messages are never shown.

Sources: the error codes of the distribution specification, and extensions of some registries
(Quay's TAG_EXPIRED, Docker Hub's ratelimit headers).
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage
from typing import Any, NoReturn

from registries.client.errors import ClientError, ImageDenied, NotFound, Throttled, Unreachable
from registries.client.transport import Response

LONGEST_PAUSE = timedelta(hours=1)
# Bytes: only longer bodies are checked before they are parsed.
SHORT = 64 * 1024
# Enough for a manifest of 35,000 layers, the longest that registries accept (4 MiB).
MAX_VALUES = 150_000

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_LIMIT = re.compile(r"([0-9]{1,9})(?:;.*)?", re.ASCII)

_long_body_lock = threading.Lock()

# Harbor answers 412 for an image that has too many vulnerabilities or no signature
# (goharbor/harbor, src/server/middleware/vulnerable). 451 means unavailable for legal reasons.
_DENIALS = frozenset({401, 403, 412, 423, 451})
_NO_REPOSITORY = frozenset({"NAME_UNKNOWN", "NAME_INVALID", "NOT_FOUND"})
_NO_TAG = frozenset({"MANIFEST_UNKNOWN", "TAG_EXPIRED", "TAG_INVALID", "DIGEST_INVALID"})


@dataclass(frozen=True, slots=True)
class Pulls:
    """How many pulls an account has left, and its limit; None if the registry does not say."""

    remaining: int | None
    limit: int | None


def json_object(body: bytes, values: int = MAX_VALUES) -> dict[str, Any] | None:
    """Return the JSON object in a body, or None if there is none.

    A long body with more than about `values` values is refused, because short values take thirty
    times their length in memory. It is decoded as Latin-1: as UTF-8, a single emoji would make
    every character four bytes wide, and only the ASCII parts are used.
    """
    text: bytes | str = body
    if len(body) > SHORT:
        if sum(map(body.count, (b",", b"[", b"{"))) > values:
            return None
        text = body.decode("latin-1")
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


@contextmanager
def parsed(body: bytes, values: int = MAX_VALUES) -> Iterator[dict[str, Any] | None]:
    """Hold a parsed body for the duration of a block; long ones one at a time in this process."""
    with _long_body_lock if len(body) > SHORT else nullcontext():
        yield json_object(body, values)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def error_codes(body: bytes) -> frozenset[str]:
    """Return the codes in a registry's `{"errors": [{"code": …}]}`."""
    errors = (json_object(body) or {}).get("errors")
    if not isinstance(errors, list):
        return frozenset()
    codes = [error.get("code") for error in errors[:100] if isinstance(error, dict)]
    return frozenset(code for code in codes if isinstance(code, str))


def _names_artifact(body: bytes) -> bool:
    """Return whether an error is about a tag or digest, in Harbor's words.

    Harbor answers NOT_FOUND to "artifact NAME:TAG not found" and to "repository NAME not found"
    (https://github.com/containers/image/issues/2203).
    """
    match (json_object(body) or {}).get("errors"):
        case [{"message": str(message)}, *_]:
            return message.startswith("artifact ")
    return False


def is_error(response: Response) -> bool:
    """Return whether an error is the registry's own, not that of a proxy or firewall before it.

    A registry's error has a list of errors, or the API version in a header.
    Source: the OCI distribution specification, "Error Codes".
    """
    errors = (json_object(response.body) or {}).get("errors")
    listed = isinstance(errors, list) and any(isinstance(error, dict) for error in errors)
    return listed or "Docker-Distribution-Api-Version" in response.headers


def is_from_intermediary(response: Response) -> bool:
    """Return whether an error has a body, and it is not that of a registry or token server.

    Cloudflare answered 403 with "error code: 1010" to valid credentials of Docker Hub
    (https://github.com/docker/hub-feedback/issues/2502). Without a body nobody can tell.
    """
    return bool(response.body.strip()) and not is_error(response)


def is_web_page(response: Response) -> bool:
    """Return whether this is an HTML page, as a firewall sends it instead of a cloud's API."""
    start = response.body[:100].lstrip().lower()
    is_html = response.headers.get("Content-Type", "").strip().lower().startswith("text/html")
    return is_html or start.startswith((b"<!doctype html", b"<html"))


def retry_at(headers: HTTPMessage) -> datetime | None:
    """Return the time in Retry-After: aware UTC, at most an hour ahead; None if it is invalid."""
    now = datetime.now(UTC)
    value = headers.get("Retry-After", "").strip()[:100]
    if _SECONDS.fullmatch(value):
        return now + min(timedelta(seconds=int(value)), LONGEST_PAUSE)
    try:
        time = parsedate_to_datetime(value)
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        delay = time - now
    except (ValueError, OverflowError):
        return None
    return now + min(delay, LONGEST_PAUSE) if delay > timedelta() else None


def pulls(headers: HTTPMessage) -> Pulls | None:
    """Return Docker Hub's `ratelimit-remaining` and `ratelimit-limit`, or None if both are missing.

    Source: docs.docker.com/docker-hub/usage/pulls.
    """
    pulls_left = Pulls(
        _number(headers.get("ratelimit-remaining")), _number(headers.get("ratelimit-limit"))
    )
    return None if pulls_left == Pulls(None, None) else pulls_left


def _number(value: str | None) -> int | None:
    match = _LIMIT.fullmatch(value or "")
    return int(match[1]) if match else None


def temporary_error(status: int, headers: HTTPMessage, host: str) -> ClientError | None:
    """Return the error for a pause or a failing server, or None for any other status."""
    if status == 429:
        return Throttled("rate_limited", retry_at=retry_at(headers), host=host)
    if status >= 500:
        return Unreachable("server_error", host=host)
    return None


def image_refusal(response: Response, host: str) -> ClientError:
    """Return the error for a request about an image that failed though the sign-in succeeded."""
    status, codes = response.status, error_codes(response.body)
    if error := temporary_error(status, response.headers, host):
        return error
    # Quay answers 405 DENIED for a namespace that is disabled.
    if status in _DENIALS or (status == 405 and "DENIED" in codes):
        return ImageDenied("no_access_to_image")
    if codes & _NO_TAG or ("NOT_FOUND" in codes and _names_artifact(response.body)):
        return NotFound("tag_not_found")
    if status in {404, 410} or codes & _NO_REPOSITORY:
        return NotFound("repository_not_found")
    return Unreachable("bad_answer", host=host)
