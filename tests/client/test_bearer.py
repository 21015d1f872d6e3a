"""Bearer tokens: which answers hold one, how long it lives, and what it says of itself."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest

from registries.client import bearer
from tests.fakes.family import jwt

EAST = timezone(timedelta(hours=5))


def issued(zone: tzinfo | None = UTC, **ago: int) -> Callable[[], str]:
    """`issued_at` of a token made so long before the test runs; None for a zone is not written."""

    def moment() -> str:
        made = datetime.now(zone or UTC) - timedelta(**ago)
        return (made if zone else made.replace(tzinfo=None)).isoformat()

    return moment


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"token": "a"}, "a"),
        ({"access_token": "b"}, "b"),
        ({"token": "a", "access_token": "b"}, "a"),
        ({"token": "", "access_token": "b"}, "b"),
        ({"token": None, "access_token": "b"}, "b"),
        ({"token": ["a"]}, None),
        ({"token": 7}, None),
        ({"token": "a b"}, None),
        ({"token": "a\r\nX-Evil: 1"}, None),
        ({"token": "ä"}, None),
        ({"token": "a\x00"}, None),
        ({"token": "a" * 16384}, "a" * 16384),
        ({"token": "a" * 16385}, None),
        ({}, None),
        ([{"token": "a"}], None),
        ("a", None),
    ],
)
def test_the_token_in_an_answer(document: Any, expected: str | None) -> None:
    """#45: what cannot stand in a header is no token."""
    result = bearer.read(json.dumps(document).encode())
    assert (result.value if result else None) == expected


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, 60),
        ({"expires_in": 300}, 300),
        ({"expires_in": 300.7}, 300.7),
        ({"expires_in": 5}, 60),
        ({"expires_in": 0}, 60),
        ({"expires_in": -1}, 60),
        ({"expires_in": 10**9}, 3600),
        ({"expires_in": 10**400}, 3600),
        ({"expires_in": "300"}, 60),
        ({"expires_in": True}, 60),
        ({"expires_in": None}, 60),
        ({"expires_in": [300]}, 60),
        ({"expires_in": 300, "issued_at": issued(seconds=100)}, 200),
        ({"expires_in": 300, "issued_at": issued(EAST, seconds=100)}, 200),
        ({"expires_in": 300, "issued_at": issued(None, seconds=100)}, 200),
        ({"expires_in": 300, "issued_at": issued(days=-1)}, 300),
        ({"expires_in": 300, "issued_at": issued(days=1)}, 300),
        ({"expires_in": 300, "issued_at": "yesterday"}, 300),
        ({"expires_in": 300, "issued_at": 7}, 300),
        ({"expires_in": 300, "issued_at": "0001-01-01T00:00:00+14:00"}, 300),
        ({"token": lambda: jwt({"exp": time.time() + 300})}, 300),
        ({"token": jwt({"exp": 1300, "iat": 1000})}, 300),
        ({"token": jwt({"exp": 1300, "iat": 1000}), "expires_in": 200}, 200),
        ({"token": jwt({"exp": 300, "iat": 0})}, 300),
        ({"token": jwt({"exp": 5})}, 60),
        ({"token": jwt({"exp": "soon"})}, 60),
        ({"token": jwt({"exp": 10**400})}, 3600),
        ({"token": "a.!.c"}, 60),
        ({"token": "a.bm90IGpzb24.c"}, 60),
    ],
)
def test_how_long_a_token_is_used(fields: dict[str, Any], seconds: float) -> None:
    """#51: a minute at least, an hour at most, and a little less than the server says."""
    made = {name: value() if callable(value) else value for name, value in fields.items()}
    result = bearer.read(json.dumps({"token": "a"} | made).encode())
    assert result is not None
    # The test's clock goes on.
    moving = 5 if any(map(callable, fields.values())) else 0
    assert result.seconds == pytest.approx(seconds - bearer.MARGIN, abs=moving)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"access": [{"type": "repository", "name": "a", "actions": ["pull"]}]}, {"a"}),
        ({"access": [{"type": "repository", "name": "a", "actions": ["*"]}]}, {"a"}),
        ({"access": [{"type": "repository", "name": "a", "actions": ["push"]}]}, set()),
        ({"access": [{"type": "registry", "name": "a", "actions": ["*"]}]}, set()),
        ({"access": [{"type": "repository", "name": ["a"], "actions": ["pull"]}]}, set()),
        ({"access": [{"type": "repository", "name": "a", "actions": 7}, None, "x"]}, set()),
        ({"access": []}, set()),
        ({"access": None}, None),
        ({}, None),
    ],
)
def test_what_a_token_says_it_grants(claims: dict[str, Any], expected: set[str] | None) -> None:
    assert bearer.granted(jwt(claims)) == expected
    assert bearer.granted("opaque") is None
