"""What the answers of registries mean: errors, pauses, limits. Their words are never used.

Sources: the distribution specification's error codes, and what registries do besides
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
# Bytes of a body that may hold anything; a longer one is looked at before it is read.
SHORT = 64 * 1024
# More than there are in a manifest of 35,000 layers, which is as long as registries take (4 MiB).
MAX_VALUES = 150_000

_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
_LIMIT = re.compile(r"([0-9]{1,9})(?:;.*)?", re.ASCII)

_one_long_body = threading.Lock()

# 412 is Harbor's word for an image whose known flaws are too many, or that nobody has signed
# (goharbor/harbor, src/server/middleware/vulnerable); 451 for one that the law forbids.
_DENIALS = frozenset({401, 403, 412, 423, 451})
_NO_REPOSITORY = frozenset({"NAME_UNKNOWN", "NAME_INVALID", "NOT_FOUND"})
_NO_TAG = frozenset({"MANIFEST_UNKNOWN", "TAG_EXPIRED", "TAG_INVALID", "DIGEST_INVALID"})


@dataclass(frozen=True, slots=True)
class Pulls:
    """How many pulls an account has left, and out of how many; None where it is not said."""

    remaining: int | None
    limit: int | None


def document(body: bytes, values: int = MAX_VALUES) -> dict[str, Any] | None:
    """The JSON object in a body; None where there is none that can be read.

    A long one may have about so many `values`: of a few bytes each, they would take thirty times
    their length in memory. Nor is its text decoded, of which only ASCII is looked at: one emoji
    would make each letter four bytes wide.
    """
    text: bytes | str = body
    if len(body) > SHORT:
        if sum(map(body.count, (b",", b"[", b"{"))) > values:
            return None
        text = body.decode("latin-1")
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def parsed(body: bytes, values: int = MAX_VALUES) -> Iterator[dict[str, Any] | None]:
    """The same for as long as it is looked at, of long bodies one at a time in this process."""
    with _one_long_body if len(body) > SHORT else nullcontext():
        yield document(body, values)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def error_codes(body: bytes) -> frozenset[str]:
    """The `code`s of a registry's `{"errors": [...]}`; empty for anything else."""
    errors = (document(body) or {}).get("errors")
    if not isinstance(errors, list):
        return frozenset()
    codes = [error.get("code") for error in errors[:100] if isinstance(error, dict)]
    return frozenset(code for code in codes if isinstance(code, str))


def is_error(response: Response) -> bool:
    """Whether a registry wrote this error itself, and no web server or firewall before it.

    A registry says so with a list of errors, or with its version in a header.
    Source: the OCI distribution specification, "Error Codes".
    """
    errors = (document(response.body) or {}).get("errors")
    listed = isinstance(errors, list) and any(isinstance(error, dict) for error in errors)
    return listed or "Docker-Distribution-Api-Version" in response.headers


def is_of_another(response: Response) -> bool:
    """Whether somebody before a registry or token server wrote this error, and says so with a page.

    Cloudflare answered 403 with "error code: 1010" to right credentials of Docker Hub
    (https://github.com/docker/hub-feedback/issues/2502). An answer without a body may be anybody's.
    """
    return bool(response.body.strip()) and not is_error(response)


def is_web_page(response: Response) -> bool:
    """Whether this is a page for people: of a firewall, in the place of a cloud's API."""
    start = response.body[:100].lstrip().lower()
    is_html = response.headers.get("Content-Type", "").strip().lower().startswith("text/html")
    return is_html or start.startswith((b"<!doctype html", b"<html"))


def retry_at(headers: HTTPMessage) -> datetime | None:
    """When Retry-After says to come back: aware UTC, at most an hour ahead, None for nonsense."""
    now = datetime.now(UTC)
    value = headers.get("Retry-After", "").strip()[:100]
    if _SECONDS.fullmatch(value):
        return now + min(timedelta(seconds=int(value)), LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        ahead = moment - now
    except (ValueError, OverflowError):
        return None
    return now + min(ahead, LONGEST_PAUSE) if ahead > timedelta() else None


def pulls(headers: HTTPMessage) -> Pulls | None:
    """Docker Hub's `ratelimit-remaining` and `ratelimit-limit`; None where neither stands.

    Source: docs.docker.com/docker-hub/usage/pulls.
    """
    found = Pulls(
        _number(headers.get("ratelimit-remaining")), _number(headers.get("ratelimit-limit"))
    )
    return None if found == Pulls(None, None) else found


def _number(value: str | None) -> int | None:
    match = _LIMIT.fullmatch(value or "")
    return int(match[1]) if match else None


def trouble(status: int, headers: HTTPMessage, host: str) -> ClientError | None:
    """What a status says that is about neither the credentials nor the image; else None."""
    if status == 429:
        return Throttled("rate_limited", retry_at=retry_at(headers), host=host)
    if status >= 500:
        return Unreachable("server_error", host=host)
    return None


def image_refusal(response: Response, host: str) -> ClientError:
    """Why a registry did not answer about an image, after a sign-in that went well."""
    status, codes = response.status, error_codes(response.body)
    if error := trouble(status, response.headers, host):
        return error
    # Quay answers 405 DENIED for a namespace that is disabled.
    if status in _DENIALS or (status == 405 and "DENIED" in codes):
        return ImageDenied("no_access_to_image")
    if codes & _NO_TAG:
        return NotFound("tag_not_found")
    if status in {404, 410} or codes & _NO_REPOSITORY:
        return NotFound("repository_not_found")
    return Unreachable("bad_answer", host=host)
