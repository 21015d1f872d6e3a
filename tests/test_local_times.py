"""A site with `USE_TZ = False`: its models hold local times, and everything is shown in them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from registries import services
from registries.models import Registry
from registries.secrets.sealing import Secret
from tests.api import fake
from tests.factories import create
from tests.fakes.server import FakeServer, Reply, Request

pytestmark = pytest.mark.django_db


def registrys_reply(request: Request) -> Reply:
    """A registry that asks for a pause once `busy` is what somebody signs in with."""
    if request.basic and request.basic[0] == "busy":
        return Reply(429, headers={"Retry-After": "1000"})
    signed_in = request.basic == (fake.LOGIN, fake.PASSWORD)
    return Reply(200, b"{}") if signed_in else Reply(401, headers={"WWW-Authenticate": "Basic"})


@pytest.fixture(autouse=True)
def _east_of_utc(settings) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "Asia/Kolkata"


@pytest.fixture
def row() -> Iterator[Registry]:
    with FakeServer(registrys_reply) as server:
        yield create("custom", url=server.origin, login=fake.LOGIN, password=fake.PASSWORD)


def is_now(moment: datetime) -> bool:
    """Whether it is a time of this test, in the site's sort of times."""
    return abs(timezone.now() - moment) < timedelta(minutes=10)


def test_a_check_is_kept_in_the_sites_times(row: Registry) -> None:
    result = services.check(row)
    assert (result.verdict, is_now(result.checked_at)) == ("valid", True)
    stored = Registry.objects.get(pk=row.pk)
    assert stored.last_check == row.last_check == result
    assert stored.checking_until is None
    assert is_now(row.checks.get().checked_at)


def test_a_pause_is_kept_in_the_sites_times(row: Registry) -> None:
    row.login, row.password = "busy", fake.PASSWORD
    row.save()
    result = services.check(row)
    assert result.verdict == "throttled"
    assert result.retry_at
    assert is_now(result.retry_at - timedelta(seconds=1000))
    assert Registry.objects.get(pk=row.pk).last_check == result


def test_a_check_is_shown_where_it_was_asked_for_and_later(row: Registry, admin_client) -> None:
    address = f"/backstage/registries/registry/{row.pk}/"
    checked = admin_client.post(f"{address}check/", follow=True)
    for answer in (checked, admin_client.get(f"{address}change/")):
        assert "just now" in answer.content.decode()
    assert admin_client.get(f"{address}history/").status_code == 200


def test_the_time_of_a_secret_is_shown_in_the_sites_times() -> None:
    token = Secret(fresh="fake").seal("place", "verified").token
    moment = Secret(token).set_at
    assert moment
    assert is_now(moment.replace(tzinfo=None))


def test_programs_are_told_which_moment_it_is(row: Registry, capsys) -> None:
    services.check(row)
    reader = Client()
    reader.force_login(User.objects.create_superuser("reader"))
    data = reader.get(f"/gateway/v1/registries/{row.pk}/").json()
    (past,) = reader.get(f"/gateway/v1/registries/{row.pk}/checks/").json()["checks"]
    times = [data["created_at"], data["updated_at"], past["checked_at"]]
    assert data["check"]["checked_at"] == past["checked_at"]
    assert all(time.endswith("Z") for time in times)
    call_command("check_registries", row.name, json=True)
    printed = capsys.readouterr().out
    times += [line.split('"')[3] for line in printed.splitlines() if '"checked_at"' in line]
    assert len(times) == 4
    for time in times:
        assert abs(datetime.now(UTC) - datetime.fromisoformat(time)) < timedelta(minutes=10)
