"""How many checks of each of the last 30 days were fine, and the availability made of it."""

from datetime import date, timedelta

import pytest

from registries import services
from registries.admin.display import LOOKS
from registries.checking.days import Counts, Days, availability, counted, counts_of, with_check
from registries.models import Registry
from registries.models.times import today
from registries.verdicts import Verdict
from tests.factories import create
from tests.fakes.server import FakeServer, Reply

DAY = date(2030, 1, 31)


@pytest.mark.parametrize("verdict", [*Verdict])
def test_a_check_counts_as_the_pages_colour_it(verdict: Verdict) -> None:
    tones = ("ok", "warn", "bad")
    counts = counts_of(with_check(None, verdict, DAY), DAY)
    assert dict(zip(tones, counts, strict=True)) == {
        tone: int(LOOKS[verdict].tone == tone) for tone in tones
    }


def test_days_are_kept_for_a_month() -> None:
    days: Days = {}
    for number in range(100):
        days = with_check(days, Verdict.VALID, DAY + timedelta(days=number))
    assert len(days) == 30
    last = DAY + timedelta(days=99)
    days = with_check(days, Verdict.UNREACHABLE, last)
    assert counts_of(days, last) == (1, 0, 1)
    assert counts_of(days, DAY) == (0, 0, 0)
    assert len(with_check(days, Verdict.VALID, last + timedelta(days=60))) == 1


@pytest.mark.parametrize("days", [None, {}, {"2030-01-31": None}, {"2030-01-31": [1, "2", 3]}])
def test_what_is_not_understood_counts_nothing(days: Days | None) -> None:
    assert counts_of(days, DAY) == (0, 0, 0)
    assert counts_of(with_check(days, Verdict.VALID, DAY), DAY) == (1, 0, 0)


@pytest.mark.parametrize(
    ("days", "share"),
    [
        ([], None),
        # What was not checked is neither up nor down
        # (https://github.com/louislam/uptime-kuma/issues/6475 and 2401).
        ([(0, 0, 0), (0, 0, 0)], None),
        ([(4, 0, 0), (0, 0, 0)], 1),
        ([(0, 5, 0)], None),
        ([(3, 9, 1)], 0.75),
        # Somebody checks a hundred times while it is away: that day is one day.
        ([(4, 0, 0), (0, 0, 100), (4, 0, 0), (4, 0, 0)], 0.75),
    ],
)
def test_availability(days: list[Counts], share: float | None) -> None:
    assert availability(days) == share


def test_checks_that_are_kept_count_alike() -> None:
    checks = [(DAY, "valid"), (DAY, "rejected"), (DAY, "throttled"), (DAY, "valid")]
    assert counts_of(counted(checks), DAY) == (2, 1, 1)


@pytest.mark.django_db
def test_every_check_of_a_row_counts() -> None:
    """However old what the caller has loaded is; a change of the credentials forgets nothing."""
    with FakeServer(lambda request: Reply(500)) as server:
        row = create("custom", url=server.origin)
        earlier = Registry.objects.get(pk=row.pk)
        for loaded in (row, earlier, earlier):
            services.check(loaded)
        changed = Registry.objects.get(pk=row.pk)
        changed.password = "fake-other"
        changed.save()
        services.check(changed)
        changed.password = "fake-unsaved"
        services.check(changed)
    assert counts_of(Registry.objects.get(pk=row.pk).check_days, today()) == (0, 0, 4)
