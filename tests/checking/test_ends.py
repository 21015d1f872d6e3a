"""Checks learn when credentials end, and say so of those that are refused."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from registries import services
from registries.models import Registry
from registries.models.times import day_of, today
from tests.factories import create
from tests.fakes.server import FakeServer, Reply, Request

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
PAST, FUTURE = NOW - timedelta(days=40), NOW + timedelta(days=400)


def token_until(end: datetime) -> str:
    claims = urlsafe_b64encode(json.dumps({"exp": end.timestamp()}).encode()).decode().rstrip("=")
    return f"e30.{claims}.fake"


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """Lets in whoever has a token that has not ended."""

    def answer(request: Request) -> Reply:
        good = {token_until(FUTURE), "fake-password"}
        if request.basic and request.basic[1] in good:
            return Reply(200, b"{}")
        return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="fake"'})

    with FakeServer(answer) as running:
        yield running


def checked(row: Registry) -> tuple[Any, ...]:
    result = services.check(Registry.objects.get(pk=row.pk))
    found = Registry.objects.get(pk=row.pk)
    return result.code, found.expires_on, found.expires_on_source


def test_a_token_says_it(server: FakeServer) -> None:
    row = create("custom", url=server.origin, password=token_until(FUTURE))
    assert checked(row) == ("signed_in", day_of(FUTURE), "learned")
    Registry.objects.filter(pk=row.pk).update(reminded_before=7)
    assert checked(row) == ("signed_in", day_of(FUTURE), "learned")
    assert Registry.objects.get(pk=row.pk).reminded_before == 7, "the same day is nothing new"


def test_an_end_without_a_date_here_is_not_learned(server: FakeServer, settings: Any) -> None:
    """East of Greenwich, the last seconds of 9999 have no date. The check is stored anyway."""
    settings.TIME_ZONE = "Asia/Tokyo"
    token = token_until(datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    row = create("custom", url=server.origin, password=token)
    assert checked(row) == ("bad_credentials", None, "")


def test_what_somebody_entered_counts_more(server: FakeServer) -> None:
    row = create("custom", url=server.origin, password=token_until(FUTURE), expires_on=today())
    assert checked(row) == ("signed_in", today(), "typed")
    row = Registry.objects.get(pk=row.pk)
    row.expires_on = date(2150, 1, 31)
    row.save()
    row.password = token_until(FUTURE) + " "
    row.password = token_until(FUTURE)
    row.save()
    assert checked(row) == ("signed_in", day_of(FUTURE), "learned"), "of earlier credentials"


@pytest.mark.parametrize(
    ("columns", "code", "ended_on"),
    [
        ({"password": token_until(PAST)}, "credentials_ended", day_of(PAST)),
        ({"expires_on": date(2020, 1, 31)}, "credentials_ended", date(2020, 1, 31)),
        ({"expires_on": today()}, "credentials_ended", today()),
        ({"expires_on": today() + timedelta(days=2)}, "bad_credentials", None),
        ({}, "bad_credentials", None),
        # Somebody said that they go on.
        ({"password": token_until(PAST), "expires_on": date(2150, 1, 1)}, "bad_credentials", None),
    ],
)
def test_refused_credentials_that_ended(
    server: FakeServer, columns: dict[str, Any], code: str, ended_on: date | None
) -> None:
    row = create("custom", url=server.origin, **{"password": "wrong", **columns})
    result = services.check(row)
    assert (result.verdict, result.code) == ("rejected", code)
    assert Registry.objects.get(pk=row.pk).check_code == code
    if ended_on:
        assert f"ended on {ended_on.isoformat()}" in result.detail


def test_a_day_that_is_past_changes_no_other_result(server: FakeServer) -> None:
    row = create("custom", url=server.origin, password="fake-password", expires_on=PAST.date())
    assert checked(row)[0] == "signed_in"


def test_gitlab_is_asked_once() -> None:
    """Where the page of a token says that it never ends, that is known as well."""

    def answer(request: Request) -> Reply:
        if request.path == "/v2/":
            challenge = f'Bearer realm="{gitlab.origin}/jwt/auth"'
            return Reply(401, b"{}", {"WWW-Authenticate": challenge})
        body = {"token": "fake"} if request.path == "/jwt/auth" else {"expires_at": day}
        return Reply(200, json.dumps(body).encode())

    day: str | None = "2150-01-31"
    with FakeServer(answer) as gitlab:
        address = {"url": gitlab.origin, "authurl": gitlab.origin}
        row = create("gitlab", **address, token="glpat-fake", username=None)
        deploy = create("gitlab", **address, token="gldt-fake", username="fake")
        assert checked(row) == checked(row) == ("signed_in", date(2150, 1, 31), "learned")
        day = None
        never = create("gitlab", **address, token="glpat-other", username=None)
        assert checked(never) == checked(never) == ("signed_in", None, "learned")
        assert checked(deploy) == ("signed_in", None, "")
    pages = [request for request in gitlab.requests if "self" in request.path]
    assert [request.bearer for request in pages] == ["glpat-fake", "glpat-other"]
