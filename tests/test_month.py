"""A row's last 30 days: the chart, its table, the availability, and what happened last."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from registries.admin.month import Month
from registries.models import Check, Registry
from registries.models.times import today
from tests.factories import create
from tests.screens import LIST, page, text_of, user_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return user_with(is_superuser=True)


@pytest.fixture
def row() -> Registry:
    return create("custom", name="Zweig")


def having(row: Registry, *counts: tuple[int, int, int], **columns: Any) -> Registry:
    """The row with these checks of the last days, the newest last."""
    first = today() - timedelta(days=len(counts) - 1)
    days = {
        (first + timedelta(days=number)).isoformat(): list(each)
        for number, each in enumerate(counts)
    }
    Registry.objects.filter(pk=row.pk).update(check_days=days, **columns)
    return Registry.objects.get(pk=row.pk)


@pytest.mark.parametrize(
    ("counts", "summary"),
    [
        ([], "No checks in the last 30 days"),
        ([(0, 4, 0)], "Checked on 1 of 30 days"),
        ([(4, 0, 0)] * 30, "100 % available, checked on 30 of 30 days"),
        # It is not rounded up (https://github.com/louislam/uptime-kuma/issues/1705).
        ([(4, 0, 0)] * 29 + [(2999, 0, 1)], "99.9 % available, checked on 30 of 30 days"),
        # Days on which nobody looked are none on which it was fine (…/issues/6475).
        ([(2, 0, 2), (0, 0, 0), (0, 0, 0)], "50 % available, checked on 1 of 30 days"),
    ],
)
def test_the_availability(row: Registry, counts: list[Any], summary: str) -> None:
    assert Month.of(having(row, *counts)).summary == summary


def test_the_page_shows_each_day(client: Client, row: Registry) -> None:
    having(row, (1, 0, 0), (0, 0, 0), (2, 1, 1))
    for name in ("change", "history"):
        html = text_of(client.get(page(row, name)))
        labels = re.findall(r"<g><title>.*?: (.*?)</title>", html)
        assert labels == ["no checks"] * 27 + ["1 fine", "no checks", "2 fine, 1 unsure, 1 failed"]
        # Not by colour alone, and for who cannot see it as a table.
        assert html.count('fill="url(#month-bad)"') == html.count('<path class="is-bad"') == 1
        body = re.search(r"<tbody>(.*?)</tbody>", html.partition("reg-month__more")[2], re.DOTALL)
        assert body
        rows = body[1].split("</tr>")[:-1]
        assert [re.findall(r"<td>(\d+)</td>", each) for each in rows] == [
            ["2", "1", "1"],
            ["1", "0", "0"],
        ]
        assert "style=" not in html.partition('<div class="reg-month">')[2].partition("</div>")[0]


def test_checks_from_before_there_was_a_record(row: Registry) -> None:
    """After an upgrade, the chart begins with the checks that are kept."""
    for days, verdict in ((40, "valid"), (5, "valid"), (5, "rejected"), (0, "rejected")):
        at = timezone.now() - timedelta(days=days)
        Check.objects.create(registry=row, verdict=verdict, code="signed_in", checked_at=at)
    month = Month.of(having(row, (3, 0, 0)))
    assert [day.counts for day in month.checked] == [(3, 0, 0), (1, 0, 1)]


def test_a_whole_record_takes_no_query(row: Registry, django_assert_num_queries: Any) -> None:
    row = having(row, *[(1, 0, 0)] * 30)
    with django_assert_num_queries(0):
        assert Month.of(row).share == "100"


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"health": "attention"}, "Began to need attention"),
        ({"health": "fine"}, "Became fine"),
        ({"health": "unheard-of"}, None),
        ({"source": "team"}, "Changed by the file team"),
        ({}, "Changed"),
    ],
)
def test_what_happened_last(
    client: Client, row: Registry, columns: dict[str, Any], text: str | None
) -> None:
    since = timezone.now() - timedelta(hours=3)
    having(row, health_since=since, updated_at=since, **columns)
    html = text_of(client.get(page(row)))
    if text:
        assert re.search(rf"{text} <time[^>]*>3 hours ago</time>", html)
    else:
        assert "Became" not in html


def test_who_changed_it_last(client: Client, row: Registry) -> None:
    form = {"name": "Renamed", "url": row.url, "login": row.login, "_save": "1"}
    client.post(page(row), form)
    html = text_of(client.get(page(row)))
    assert re.search("Changed by robin <time[^>]*>just now</time>", html)
    later = timezone.now() + timedelta(minutes=5)
    Registry.objects.filter(pk=row.pk).update(updated_at=later)
    html = text_of(client.get(page(row)))
    assert "Changed by robin" not in html, "a command did it"


def test_what_runs_now(client: Client, django_assert_max_num_queries: Any) -> None:
    """One is being checked, one is due, one is overdue, and one has a lease of a wrong clock."""
    now = timezone.now()
    Registry.objects.update(next_check=None)
    soon, late, long_gone = (int((now + timedelta(minutes=m)).timestamp()) for m in (9, -1, -60))
    for name, columns in {
        "Running": {"next_check": soon, "checking_until": now + timedelta(seconds=5)},
        "Waiting": {"next_check": late},
        "Overdue": {"next_check": long_gone},
        "Astray": {"next_check": soon, "checking_until": now + timedelta(days=1)},
    }.items():
        created = create("custom", name=name)
        Registry.objects.filter(pk=created.pk).update(check_host=f"{name}.example", **columns)
    html = text_of(client.get(f"{LIST}now/"))
    facts = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html, re.DOTALL)
    shown = [(label, re.sub("<.*?>", "", value).strip()) for label, value in facts]
    assert shown == [
        ("Being checked", "1"),
        ("Due", "2"),
        ("Overdue", "1 run_checks seems not to run, or cannot keep up"),
        ("Last automatic check", "none of the last 200 checks was automatic"),
    ]
    assert "Running.example" in html
    assert "Astray.example" not in html
    for origin, minutes in (("schedule", 20), ("admin", 10)):
        at = now - timedelta(minutes=minutes)
        Check.objects.create(verdict="valid", code="signed_in", origin=origin, checked_at=at)
    with django_assert_max_num_queries(12):
        assert ">20 minutes ago</time>" in client.get(f"{LIST}now/").content.decode()
    assert f'href="{LIST}now/"' in client.get(LIST).content.decode()


def test_whoever_may_not_see_registries_does_not_see_what_runs() -> None:
    other = user_with(name="sam")
    assert other.get(f"{LIST}now/").status_code == 403
    assert other.post(f"{LIST}now/").status_code == 405
