"""When a row is due: after every check, whoever made it, and once it is changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from registries import services
from registries.checking.claims import follow_setting
from registries.checking.schedule import next_check
from registries.conf import DAY
from registries.models import Registry
from registries.models.results import FINE, CheckResult
from registries.verdicts import Verdict
from tests.factories import build, create
from tests.fakes.gate import let_in
from tests.fakes.server import FakeServer

HOUR = 60 * 60
NOW = 1_900_000_000.5


def after(failures: int, verdict: Verdict = Verdict.UNREACHABLE, **columns: Any) -> float:
    """The seconds from a check of a row, which failed so often before, to the next."""
    health = "fine" if verdict in FINE else "attention"
    row = build("custom", failures=failures, **{"health": health, **columns})
    due = next_check(row, CheckResult(verdict, "timeout", datetime.now(UTC)), NOW)
    assert due is not None
    return due - NOW


@pytest.mark.parametrize("every", [60, HOUR, 6 * HOUR, 2 * DAY])
def test_rows_are_spread_over_the_period(every: int) -> None:
    """Those that were checked together come apart, and each keeps its second from then on."""
    waits = [after(0, Verdict.VALID, check_every=every) for _ in range(1000)]
    assert all(every / 2 <= wait <= 1.5 * every for wait in waits)
    tenths = [int((wait - every / 2) * 10 // every) for wait in waits]
    assert all(60 < tenths.count(tenth) < 150 for tenth in range(10))
    row = build("custom", check_every=every)
    result = CheckResult(Verdict.VALID, "signed_in", datetime.now(UTC))
    first = next_check(row, result, NOW)
    assert first is not None
    for late in (0, every / 3):
        assert next_check(row, result, first + late) == first + every


@pytest.mark.parametrize(
    ("every", "failures", "wait"),
    [
        (HOUR, 0, HOUR),
        (HOUR, 1, 2 * HOUR),
        (HOUR, 3, 8 * HOUR),
        (HOUR, 99, DAY),
        (6 * HOUR, 1, 12 * HOUR),
        (6 * HOUR, 5, DAY),
        (2 * DAY, 5, 2 * DAY),  # never more often than it asks for
    ],
)
def test_a_row_that_fails_is_checked_less_often(every: int, failures: int, wait: int) -> None:
    for _ in range(50):
        found = after(failures, check_every=every)
        assert abs(found - wait) <= (every if wait == DAY else every / 2)
        assert found <= max(DAY, 1.5 * every)


@pytest.mark.parametrize(
    ("health", "earlier", "verdict", "is_soon"),
    [
        ("fine", ("valid", 7), Verdict.REJECTED, True),
        ("fine", ("valid", 7), Verdict.ANONYMOUS, False),
        ("fine", ("unreachable", 1), Verdict.THROTTLED, True),  # two of three
        ("fine", ("unreachable", 2), Verdict.REJECTED, False),
        ("attention", ("rejected", 7), Verdict.VALID, True),
        ("attention", ("valid", 2), Verdict.VALID, False),
        ("attention", ("valid", 2), Verdict.REJECTED, False),
        ("", ("", 0), Verdict.REJECTED, True),
        ("", ("", 0), Verdict.VALID, False),  # that a new row is fine is no news
    ],
)
@pytest.mark.parametrize("every", [60, 6 * HOUR])
def test_what_would_change_the_state_is_checked_again_soon(
    health: str,
    earlier: tuple[str, int],
    verdict: Verdict,
    is_soon: bool,
    every: int,
    settings: Any,
) -> None:
    settings.REGISTRIES = {"CONFIRM_CHECKS": 3}
    before = dict(zip(("check_verdict", "checks_in_row"), earlier, strict=True))
    found = after(0, verdict, check_every=every, health=health, **before)
    assert found <= 5 * 60 + 1 if is_soon else found >= every / 2
    assert found <= 1.5 * every


@pytest.mark.parametrize(
    ("every", "state", "asked", "minutes"),
    [
        (6 * HOUR, {"health": "fine", "check_verdict": "valid"}, 1, 5),  # to confirm it
        (6 * HOUR, {"health": "fine", "check_verdict": "valid"}, 10, 10),
        (60, {}, 50, 50),
    ],
)
def test_a_pause_that_the_registry_asked_for_is_kept(
    every: int, state: dict[str, str], asked: int, minutes: int
) -> None:
    row = build("custom", check_every=every, **state)
    retry_at = datetime.fromtimestamp(NOW, UTC) + timedelta(minutes=asked)
    result = CheckResult(Verdict.THROTTLED, "rate_limited", retry_at, retry_at=retry_at)
    assert next_check(row, result, NOW) == NOW + minutes * 60 + 0.5


@pytest.mark.parametrize("verdict", [Verdict.VALID, Verdict.ANONYMOUS, Verdict.UNPROVEN])
def test_only_failures_count(verdict: Verdict) -> None:
    assert after(9, verdict, check_every=HOUR) <= 1.5 * HOUR


@pytest.mark.parametrize(("own", "setting"), [(0, HOUR), (None, 0)])
def test_a_row_may_be_checked_by_people_alone(own: int | None, setting: int, settings: Any) -> None:
    settings.REGISTRIES = {"CHECK_EVERY": setting}
    result = CheckResult(Verdict.VALID, "signed_in", datetime.now(UTC))
    assert next_check(build("custom", check_every=own), result, NOW) is None


@pytest.mark.parametrize("seconds", [1, 59, 30 * DAY + 1])
@pytest.mark.django_db
def test_a_period_that_makes_no_sense_is_refused(seconds: int) -> None:
    with pytest.raises(ValidationError) as caught:
        build("custom", check_every=seconds).full_clean()
    assert caught.value.message_dict == {
        "check_every": ["Enter 60 to 2592000 seconds, or 0 for never."]
    }


# Rows


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(let_in) as running:
        yield running


def stored(row: Registry) -> Registry:
    return Registry.objects.get(pk=row.pk)


@pytest.mark.django_db
def test_every_check_plans_the_next(server: FakeServer) -> None:
    row = create("custom", url=server.origin)
    assert stored(row).next_check == 0, "a new row is due at once"
    assert stored(row).next_check_at == stored(row).updated_at
    services.check(row)
    found = stored(row)
    assert found.next_check_at is not None
    assert found.checked_at is not None
    assert 3 * HOUR - 1 <= (found.next_check_at - found.checked_at).total_seconds() <= 9 * HOUR + 1
    assert found.check_host == server.origin.removeprefix("http://")


@pytest.mark.django_db
def test_failures_are_counted_until_it_works(server: FakeServer) -> None:
    row = create("custom", url=server.origin, password="wrong")
    for failures in (1, 2, 3):
        services.check(stored(row))
        assert stored(row).failures == failures
    changed = stored(row)
    changed.password = "fake-password"
    changed.save()
    assert (stored(row).failures, stored(row).next_check) == (0, 0)
    services.check(stored(row))
    assert stored(row).failures == 0


@pytest.mark.django_db
def test_another_period_makes_it_due_and_another_name_does_not(server: FakeServer) -> None:
    row = create("custom", url=server.origin)
    services.check(row)
    before = stored(row).next_check
    for column, value, due in (
        ("name", "Renamed", before),
        ("check_every", HOUR, 0),
        ("check_every", 0, None),
        ("prefix", "", None),
        ("password", "other", None),  # a change makes due only what is checked at all
        ("check_every", None, 0),
    ):
        row = stored(row)
        setattr(row, column, value)
        row.save()
        assert stored(row).next_check == due, column


@pytest.mark.django_db
def test_the_rows_follow_the_setting(settings: Any) -> None:
    Registry.objects.filter(is_default=True).update(check_every=0, next_check=None)
    soon, late, own, failing = (create("custom") for _ in range(4))
    later = int(datetime.now(UTC).timestamp()) + 20 * HOUR
    rows = Registry.objects.filter(is_default=False)
    rows.exclude(pk=soon.pk).update(next_check=later)
    Registry.objects.filter(pk=own.pk).update(check_every=DAY)
    Registry.objects.filter(pk=failing.pk).update(failures=3)

    def planned() -> list[int | None]:
        follow_setting("default")
        assert not Registry.objects.filter(is_default=True).exclude(next_check=None).exists()
        return [stored(row).next_check for row in (soon, late, own, failing)]

    settings.REGISTRIES = {"CHECK_EVERY": DAY}
    assert planned() == [0, later, later, later], "it was longer before"
    settings.REGISTRIES = {"CHECK_EVERY": HOUR}
    assert planned() == [0, 0, later, later]
    settings.REGISTRIES = {"CHECK_EVERY": 0}
    assert planned() == [None, None, later, None]
    settings.REGISTRIES = {"CHECK_EVERY": HOUR}
    assert planned() == [0, 0, later, 0]
