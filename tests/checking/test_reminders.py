"""Reminders that credentials end: when, how often, and of how many in one message."""

from datetime import date, timedelta
from typing import Any

import pytest

from registries.checking import clock
from registries.checking.reminders import remind
from registries.checking.runner import Runner
from registries.models import Notification, Registry
from tests.factories import create

pytestmark = pytest.mark.django_db
END = date(2030, 3, 31)  # in Europe, clocks change on this day


class Calendar:
    """Sets the day, and counts what is told on it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.day = END
        monkeypatch.setattr(clock, "today", lambda using: self.day)

    def told(self, days: int) -> list[Notification]:
        """The messages of a day, so many days before the end, on which somebody looks twice."""
        self.day = END - timedelta(days=days)
        known = set(Notification.objects.values_list("pk", flat=True))
        remind("default")
        remind("default")
        return list(Notification.objects.exclude(pk__in=known))


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    return Calendar(monkeypatch)


def days_told(calendar: Calendar, days: Any) -> list[int]:
    return [day for day in days if calendar.told(day)]


def test_each_reminder_comes_once(calendar: Calendar) -> None:
    create("ghcr", name="Acme", expires_on=END)
    assert days_told(calendar, range(40, -20, -1)) == [30, 7, 1, 0]
    subjects = Notification.objects.order_by("pk").values_list("subject", "level")
    assert list(subjects) == [
        ("The credentials of “Acme” end in 30 days (March 31, 2030)", "info"),
        ("The credentials of “Acme” end in 7 days (March 31, 2030)", "attention"),
        ("The credentials of “Acme” end in 1 day (March 31, 2030)", "attention"),
        ("The credentials of “Acme” end today (March 31, 2030)", "attention"),
    ]
    assert set(Notification.objects.values_list("kind", flat=True)) == {"expiry"}


@pytest.mark.parametrize(
    ("days", "told"),
    [
        # Nobody looked for a while: the last one that was missed comes late, and no other
        # (https://github.com/sbomify/sbomify/pull/1291).
        ([40, 5, 4, 1, 0], [5, 1, 0]),
        ([29, 28, 6, -3, -4], [29, 6, -3]),
        ([-7, -8], [-7]),
        ([-8, -9], []),
        # The clock is set back.
        ([7, 9, 7, 6], [7]),
    ],
)
def test_what_was_missed(calendar: Calendar, days: list[int], told: list[int]) -> None:
    create("ghcr", expires_on=END)
    assert days_told(calendar, days) == told


@pytest.mark.parametrize(
    ("reminders", "told"),
    [([], []), ([14], [14]), ([0, 60], [60, 0]), ([3, 2, 1], [3, 2, 1])],
)
def test_the_setting(
    calendar: Calendar, settings: Any, reminders: list[int], told: list[int]
) -> None:
    settings.REGISTRIES = {"EXPIRY_REMINDERS": reminders}
    create("ghcr", expires_on=END)
    assert days_told(calendar, range(70, -10, -1)) == told


def test_another_day_begins_anew(calendar: Calendar) -> None:
    row = create("ghcr", expires_on=END)
    assert days_told(calendar, [7, 6]) == [7]
    row = Registry.objects.get(pk=row.pk)
    row.token, row.expires_on = "fake-new", END + timedelta(days=60)
    row.save()
    assert days_told(calendar, range(5, -70, -1)) == [-30, -53, -59, -60]


def test_many_are_one_message(calendar: Calendar, django_assert_max_num_queries: Any) -> None:
    names = [f"Row {number:03}" for number in range(600)]
    rows = [Registry(kind="ghcr", name=name, token="fake", expires_on=END) for name in names]
    for row in rows:
        row.derive()
    Registry.objects.bulk_create(rows)
    create("ghcr", name="Sooner", expires_on=END - timedelta(days=6))
    with django_assert_max_num_queries(25):
        [message] = calendar.told(7)
    assert message.subject == "The credentials of 601 registries end soon, or have ended"
    assert message.lines[0] == "The credentials of “Sooner” end in 1 day (March 25, 2030)"
    assert (len(message.lines), message.data["total"]) == (20, 601)
    ends = [(each["expires_on"], each["days"]) for each in message.data["registries"]]
    assert ends == [("2030-03-25", 1), *[("2030-03-31", 7)] * 19]


def test_it_is_in_the_sites_language(calendar: Calendar, settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"
    create("ghcr", name="Acme", expires_on=END)
    [message] = calendar.told(7)
    assert message.subject == "Die Zugangsdaten von „Acme“ laufen in 7 Tagen ab (31. März 2030)"


def test_other_rows_are_none_of_it(calendar: Calendar) -> None:
    create("ghcr")
    create("ghcr", expires_on=END + timedelta(days=400))
    assert days_told(calendar, range(40, -20, -1)) == []


def test_run_checks_reminds(calendar: Calendar) -> None:
    Registry.objects.update(next_check=None)
    create("ghcr", expires_on=END)
    Registry.objects.update(check_every=0, next_check=None)
    Runner().run(once=True)
    assert Notification.objects.filter(kind="expiry").count() == 1
