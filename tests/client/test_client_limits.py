"""Pauses that registries ask for, and pulls that they count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from registries.client import responses
from tests.client.calls import check, verdict
from tests.client.conftest import Serve
from tests.fakes.family import Family
from tests.fakes.images import PRIVATE
from tests.fakes.server import Reply, Request

EAST = timezone(timedelta(hours=5))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        ("0", 0),
        ("3600", 3600),
        ("21600", 3600),
        ("999999999", 3600),
        ("99999999999999999999", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("1.5", None),
        ("٣", None),
        ("in 90 seconds", 90),
        ("in 90 seconds in the east", 90),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 -0000", None),
        ("Thu, 99 Jan 2099 00:00:00 GMT", None),
        ("1" * 5000, None),
    ],
)
def test_when_to_come_back(value: str, seconds: float | None) -> None:
    """#44: at most an hour ahead, nothing for nonsense, and nobody sleeps."""
    if value.startswith("in 90 seconds"):
        moment = datetime.now(UTC) + timedelta(seconds=90)
        is_far = value.endswith("east")
        value = format_datetime(moment.astimezone(EAST) if is_far else moment, usegmt=not is_far)
    header = value.encode().decode("latin-1")
    outcome, requests = check(Reply(429, b"", {"Retry-After": header}))
    assert verdict(outcome) == ("throttled", "rate_limited")
    assert len(requests) == 1
    if seconds is None:
        assert outcome.retry_at is None
    else:
        assert outcome.retry_at is not None
        ahead = (outcome.retry_at - datetime.now(UTC)).total_seconds()
        assert ahead == pytest.approx(seconds, abs=5)


@pytest.mark.parametrize(
    ("remaining", "limit", "expected"),
    [
        ("76;w=21600", "100;w=21600", (76, 100)),
        ("76", None, (76, None)),
        (None, "100;w=1", (None, 100)),
        ("many", "-1", None),
        ("1" * 12, "", None),
    ],
)
def test_how_many_pulls_are_left(
    serve: Serve, remaining: str | None, limit: str | None, expected: tuple[Any, Any] | None
) -> None:
    class Limited(Family):
        def manifest_headers(self) -> dict[str, str]:
            pairs = {"ratelimit-remaining": remaining, "ratelimit-limit": limit}
            return {name: value for name, value in pairs.items() if value is not None}

    family, world = serve(Limited)
    outcome = world.account(family, counts_pulls=True).check(PRIVATE, "v1")
    assert outcome.pulls == (responses.Pulls(*expected) if expected else None)


def test_how_many_pulls_are_left_where_there_is_no_such_image(serve: Serve) -> None:
    class Limited(Family):
        def registry(self, request: Request) -> Reply:
            reply = super().registry(request)
            return replace(reply, headers=[*reply.header_pairs, ("ratelimit-remaining", "3")])

    family, world = serve(Limited)
    outcome = world.account(family, counts_pulls=True).check(PRIVATE, "v99")
    assert verdict(outcome) == ("valid", "tag_not_found")
    assert outcome.pulls == responses.Pulls(3, None)
