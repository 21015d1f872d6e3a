"""In the admin and the API: how often a row is checked by itself, and when next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from registries.admin.schedule import NextCheck
from registries.models import Registry
from registries.models.queryset import is_overdue
from tests.api.conftest import ROOT
from tests.factories import create
from tests.screens import LIST, page, text_of, user_with

pytestmark = pytest.mark.django_db
HOUR = 60 * 60


@pytest.fixture
def client() -> Client:
    return user_with(is_superuser=True)


@pytest.fixture
def row() -> Registry:
    return create("custom", name="Zweig")


def shown(client: Client, row: Registry) -> str:
    return text_of(client.get(page(row)))


def save(client: Client, row: Registry, **more: Any) -> Any:
    form = {"name": row.name, "url": row.url, "login": row.login, **more}
    return client.post(page(row), {**form, "_save": "1"})


def test_the_form_offers_what_makes_sense(client: Client, row: Registry, settings: Any) -> None:
    settings.REGISTRIES = {"CHECK_EVERY": 2 * HOUR}
    assert '<option value="" selected>as this site: every 2 hours</option>' in shown(client, row)
    for sent, kept in (("3600", HOUR), (None, HOUR), ("0", 0), ("", None), ("900", 900)):
        more = {} if sent is None else {"check_every": sent}
        assert save(client, row, **more).status_code == 302
        assert Registry.objects.get(pk=row.pk).check_every == kept
    Registry.objects.filter(pk=row.pk).update(check_every=5 * 60)
    assert '<option value="300" selected>every 5 minutes</option>' in shown(client, row)
    assert save(client, row, check_every="300").status_code == 302
    refused = save(client, row, check_every="59")
    assert refused.status_code == 200
    assert Registry.objects.get(pk=row.pk).check_every == 300


def test_the_history_has_it_in_words(client: Client, row: Registry) -> None:
    save(client, row, check_every="3600")
    assert LogEntry.objects.get().get_change_message() == "Changed Automatic check."
    assert '["", "every hour"]' in LogEntry.objects.get().change_message
    save(client, row, check_every="0")
    assert "never" in text_of(client.get(page(row, "history")))


@pytest.mark.parametrize(
    ("due", "period", "text", "overdue"),
    [
        (2.5 * HOUR, None, "Next check in 2 hours, then every 6 hours", False),
        (90, HOUR, "Next check in 1 minute, then every hour", False),
        (49 * HOUR, 7 * 24 * HOUR, "Next check in 2 days, then every 7 days", False),
        (20.5 * HOUR, None, "Next check in 20 hours</time>", False),  # while it fails
        (-60, None, "Next check any moment, then every 6 hours", False),
        (-660, None, "Check overdue: run_checks seems not to run", True),
        (None, 0, "Checked only when somebody starts it", False),
    ],
)
def test_a_rows_page_says_when_it_is_checked_next(
    due: float | None, period: int | None, text: str, overdue: bool, client: Client, row: Registry
) -> None:
    at = None if due is None else int(timezone.now().timestamp() + due)
    Registry.objects.filter(pk=row.pk).update(next_check=at, check_every=period)
    assert text in shown(client, row)
    assert NextCheck.of(Registry.objects.get(pk=row.pk)).is_overdue is overdue
    assert Registry.objects.filter(is_overdue(timezone.now()), pk=row.pk).exists() is overdue


@pytest.mark.parametrize(("login", "is_kept"), [("me", True), ("another", False)])
def test_the_result_of_a_check_leaves_it_there(login: str, is_kept: bool, client: Client) -> None:
    """Below the result; but not where the result is of what was only typed."""
    row = create("custom", url="http://127.0.0.1:1", login="me")
    form = {"name": row.name, "url": row.url, "login": login, "password": "x", "_check": "1"}
    if is_kept:
        del form["password"]
    html = text_of(client.post(page(row), form))
    assert ("Test result (not saved)" not in html) is is_kept
    assert ("Next check in " in html.partition('class="reg-result"')[2]) is is_kept


def test_a_row_that_was_changed_is_overdue_after_a_while(client: Client, row: Registry) -> None:
    Registry.objects.exclude(pk=row.pk).update(next_check=None)
    assert "Zweig" not in client.get(f"{LIST}?verdict=overdue").content.decode()
    earlier = timezone.now() - timedelta(minutes=11)
    Registry.objects.filter(pk=row.pk).update(updated_at=earlier)
    assert "Zweig" in client.get(f"{LIST}?verdict=overdue").content.decode()


def test_the_api_tells_it(client: Client, row: Registry) -> None:
    """tests/api/test_registries.py has a new row, which is due since it was added."""
    due = int(datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())
    for every, stored, told in ((HOUR, due, "2030-01-02T03:04:05Z"), (0, None, None)):
        Registry.objects.filter(pk=row.pk).update(check_every=every, next_check=stored)
        found = client.get(f"{ROOT}registries/{row.pk}/").json()
        assert (found["check_every"], found["next_check_at"]) == (every, told)
