"""The day on which credentials end: who said it, and what becomes of it when they change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings

from registries import services
from registries.models import Registry
from registries.models.times import day_of, today
from tests.factories import build, create, loaded, with_values

pytestmark = pytest.mark.django_db
LATER, EARLIER = date(2150, 1, 31), date(2020, 1, 31)
TYPED, LEARNED = "typed", "learned"


def stored(row: Registry) -> tuple[Any, ...]:
    found = loaded(row)
    return found.expires_on, found.expires_on_source, found.reminded_before


def having(day: date | None, source: str) -> Registry:
    """A row as it is after some time: somebody was reminded of its end."""
    row = create("ghcr")
    columns = {"expires_on": day, "expires_on_source": source, "reminded_before": 7}
    Registry.objects.filter(pk=row.pk).update(**columns)
    return loaded(row)


@pytest.mark.parametrize(
    ("day", "source", "changes", "after"),
    [
        (None, "", {"expires_on": LATER}, (LATER, TYPED, None)),
        (LATER, LEARNED, {"expires_on": EARLIER}, (EARLIER, TYPED, None)),
        (LATER, TYPED, {"expires_on": None}, (None, "", None)),
        # Another name, or the address of a row, says nothing of its credentials.
        (LATER, TYPED, {"name": "Renamed"}, (LATER, TYPED, 7)),
        (LATER, LEARNED, {"handover": "any"}, (LATER, LEARNED, 7)),
        # Other credentials: what was learned was of the earlier ones, and so was what is past.
        (LATER, LEARNED, {"token": "fake-new"}, (None, "", None)),
        (None, LEARNED, {"token": "fake-new"}, (None, "", None)),
        (EARLIER, TYPED, {"token": "fake-new"}, (None, "", None)),
        (LATER, TYPED, {"token": "fake-new"}, (LATER, "", None)),
        (EARLIER, TYPED, {"token": "fake-new", "expires_on": LATER}, (LATER, TYPED, None)),
        # None are left.
        (LATER, TYPED, {"token": None, "username": None}, (None, "", None)),
    ],
)
def test_what_becomes_of_the_day(
    day: date | None, source: str, changes: dict[str, Any], after: tuple[Any, ...]
) -> None:
    row = with_values(having(day, source), changes)
    row.save()
    assert stored(row) == after
    row.save()
    assert stored(row) == after, "once"


def test_some_columns_alone() -> None:
    row = having(LATER, LEARNED)
    row.token = "fake-new"
    row.save(update_fields=["token"])
    assert stored(row) == (None, "", None)
    row.expires_on = EARLIER
    row.save(update_fields=["name"])
    assert stored(row) == (None, "", None)
    row.save(update_fields=["expires_on"])
    assert stored(row) == (EARLIER, TYPED, None)


def test_whoever_saves_what_was_loaded_before_loses_nothing() -> None:
    """A check may learn the day meanwhile, and a reminder may be sent."""
    row = create("ghcr")
    columns = {"expires_on": LATER, "expires_on_source": LEARNED, "reminded_before": 30}
    Registry.objects.filter(pk=row.pk).update(**columns, check_days={"2030-01-31": [1, 0, 0]})
    row.name = "Renamed"
    row.save()
    assert stored(row) == (LATER, LEARNED, 30)
    assert Registry.objects.get(pk=row.pk).check_days == {"2030-01-31": [1, 0, 0]}


def test_a_new_row() -> None:
    assert stored(create("ghcr", expires_on=LATER)) == (LATER, TYPED, None)
    assert stored(create("ghcr")) == (None, "", None)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"expires_on": date(20, 1, 31)}, "Enter a day from 2000 to 2199."),
        ({"expires_on": date(2200, 1, 1)}, "Enter a day from 2000 to 2199."),
        (
            {"expires_on": LATER, "token": None, "username": None},
            "There are no credentials that could end. Leave this empty.",
        ),
    ],
)
def test_a_day_that_cannot_be(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        build("ghcr", **columns).full_clean()
    assert error.value.message_dict == {"expires_on": [message]}


def test_a_reset_takes_the_day_along() -> None:
    row = Registry.objects.get(kind="ghcr", is_default=True)
    row.username, row.token, row.expires_on = "johndoe", "fake-token", LATER
    row.save()
    services.reset(row)
    assert stored(row) == (None, "", None)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", 31), ("America/Los_Angeles", 30), ("Pacific/Kiritimati", 31), ("Europe/Berlin", 31)],
)
def test_the_day_of_a_time_is_the_sites(zone: str, day: int) -> None:
    """GitLab's tokens end in the first second of a day in UTC: in America, that is the day before.

    As in https://github.com/airqo-platform/AirQo-api/pull/3192, zones must not move a reminder.
    """
    with override_settings(TIME_ZONE=zone):
        assert day_of(datetime(2030, 1, 31, tzinfo=UTC)) == date(2030, 1, day)
        assert abs(today() - datetime.now(UTC).date()) <= timedelta(days=1)
