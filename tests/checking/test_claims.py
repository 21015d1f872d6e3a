"""Claims: what is due, each row once, and few at a time on a host."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from registries.checking import claims, clock
from registries.checking.claims import claim
from registries.checking.single import release
from registries.checking.turns import Turn
from registries.models import Registry
from tests.factories import create
from tests.plans import many_hosts, sorting
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_defaults(transactional_db: None) -> None:
    Registry.objects.update(check_every=0, next_check=None)


def rows_on(host: str, number: int) -> list[Registry]:
    return [create("custom", url=f"https://{host}.example") for _ in range(number)]


def names(rows: list[Registry]) -> list[str]:
    return [row.name for row in rows]


def end(rows: list[Registry]) -> None:
    """As if they had been checked."""
    pks = [row.pk for row in rows]
    later = int(clock.seconds("default")) + 1000
    Registry.objects.filter(pk__in=pks).update(next_check=later, checking_until=None)


def test_what_is_due_longest_comes_first_and_nothing_twice() -> None:
    first, second, third = (create("custom", url=f"https://{n}.example") for n in range(3))
    now = int(clock.seconds("default"))
    for row, due in ((first, now - 1), (second, now - 60), (third, now + 60)):
        Registry.objects.filter(pk=row.pk).update(next_check=due)
    assert claim(1, "default") == [second]
    assert claim(9, "default") == [first]
    assert claim(9, "default") == []


def test_a_lease_ends_by_itself() -> None:
    """None is lost with a worker that was killed."""
    (row,) = rows_on("a", 1)
    assert claim(9, "default") == [row]
    claimed = Registry.objects.get(pk=row.pk)
    assert claimed.checking_until is not None
    assert claimed.next_check is not None
    lease = claimed.next_check - clock.seconds("default")
    assert 10 < lease <= 10 + claims.STORING, "TIMEOUT, and the time to store the result"
    over = {"checking_until": clock.now("default") - timedelta(seconds=1), "next_check": 1}
    Registry.objects.filter(pk=row.pk).update(**over)
    assert claim(9, "default") == [row]


def test_what_somebody_checks_right_now_waits() -> None:
    (row,) = rows_on("a", 1)
    until = clock.now("default") + timedelta(seconds=5)
    Registry.objects.filter(pk=row.pk).update(checking_until=until)
    assert claim(9, "default") == []
    # The clock was set back since: nobody can hold that lease.
    until += timedelta(days=1)
    Registry.objects.filter(pk=row.pk).update(checking_until=until)
    assert claim(9, "default") == [row]


def test_a_lease_of_a_wrong_clock_blocks_no_host() -> None:
    """The clock was ahead when it was taken: nobody can hold it, so no check runs there."""
    rows = rows_on("a", 6)
    until = clock.now("default") + timedelta(days=365)
    Registry.objects.filter(pk__in=[row.pk for row in rows]).update(
        checking_until=until, check_host="a.example"
    )
    assert len(claim(9, "default")) == 4


def test_few_at_a_time_on_a_host_and_others_are_not_held_up(settings: Any) -> None:
    settings.REGISTRIES = {"HOST_CONCURRENCY": 2}
    many, other = rows_on("many", 5), rows_on("other", 1)
    now = int(clock.seconds("default"))
    Registry.objects.filter(pk__in=[row.pk for row in many]).update(next_check=now - 60)
    Registry.objects.filter(pk=other[0].pk).update(next_check=now - 1)
    first = claim(9, "default")
    assert names(first) == names([*many[:2], *other]), "those of one host together"
    assert claim(9, "default") == []
    end(first[:1])
    assert names(claim(9, "default")) == names(many[2:3])


def test_checks_that_people_make_count_on_a_host() -> None:
    """Also those of rows that nobody has checked yet, so that their host is not stored."""
    rows = rows_on("a", 6)
    assert all(Turn(row, 10, shares=True).has_come() for row in rows[:3])
    assert claim(9, "default") == rows[3:4]


def test_what_is_saved_while_it_is_checked_counts_on_the_host_that_is_called() -> None:
    rows = rows_on("a", 5)
    running = claim(9, "default")
    for row in running:
        changed = Registry.objects.get(pk=row.pk)
        changed.url, changed.login, changed.password = "https://b.example", "other", "fake-new"
        changed.save()
    assert claim(9, "default") == [], "its host is still asked by four"
    for row in running:
        release(row, row.checking_until)
    assert len([row for _ in range(3) for row in claim(9, "default")]) == 5
    hosts = Registry.objects.filter(pk__in=[row.pk for row in rows]).values_list("check_host")
    assert sorted(hosts) == [("a.example",), *[("b.example",)] * 4]


def test_a_row_that_moved_counts_on_its_new_host() -> None:
    moved, rows = rows_on("b", 1), rows_on("b", 4)
    Registry.objects.filter(pk=moved[0].pk).update(check_host="old.example", next_check=1)
    assert sorted(names(claim(9, "default"))) == sorted(names(rows))
    end(rows[:1])
    Registry.objects.filter(pk=rows[0].pk).update(next_check=None)
    assert claim(9, "default") == moved


@pytest.fixture
def looks_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let claims look at so many rows at a time, and fail where they look at the same for ever."""
    rounds, real = count(1), claims._choose

    def choose(*arguments: Any) -> Any:
        assert next(rounds) < 9, "it asks for the same rows again and again"
        return real(*arguments)

    monkeypatch.setattr(claims, "_choose", choose)
    return partial(monkeypatch.setattr, claims, "LOOKED_AT")


def test_many_rows_of_one_host_hide_nobody(settings: Any, looks_at: Callable[[int], None]) -> None:
    """The hosts of new rows are found out on the way."""
    settings.REGISTRIES = {"HOST_CONCURRENCY": 1}
    looks_at(3)
    rows_on("many", 7)
    (claimed,) = claim(9, "default")
    assert claimed.url == "https://many.example"
    new, known = rows_on("new", 1), rows_on("other", 1)
    Registry.objects.filter(pk=known[0].pk).update(check_host="other.example")
    assert names(claim(9, "default")) == names([*new, *known])


def test_a_row_of_a_kind_that_is_not_known_here_is_left_alone() -> None:
    (row,) = rows_on("a", 1)
    Registry.objects.filter(pk=row.pk).update(kind="later")
    other = rows_on("b", 1)
    assert claim(9, "default") == other
    assert claim(9, "default") == []


def test_claims_at_once_share_the_rows(settings: Any) -> None:
    """Each is claimed once, and no host is asked by more than it may be."""
    settings.REGISTRIES = {"HOST_CONCURRENCY": 3}
    rows_on("many", 8)
    rows_on("few", 2)
    claimed = [row for rows in together(*[lambda: claim(4, "default")] * 4) for row in rows]
    assert len({row.pk for row in claimed}) == len(claimed) == 5


def test_a_process_that_is_frozen_during_a_claim_stops_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PostgreSQL ends its session."""
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL ends what is idle")
    monkeypatch.setattr(claims, "FROZEN", 0.05)
    rows = rows_on("a", 1)
    came, is_over = threading.Event(), threading.Event()

    def freeze() -> None:
        with claims.alone("default"):
            came.set()
            is_over.wait(60)

    def claim_meanwhile() -> list[Registry]:
        assert came.wait(30)
        found = claim(9, "default")
        is_over.set()
        return found

    frozen, found = together(freeze, claim_meanwhile)
    assert isinstance(frozen, DatabaseError)
    assert found == rows


def test_a_claim_waits_for_others_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a signal to stop is seen; `run_checks` tries again later."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite and MariaDB have limits of their own")
    rows_on("a", 1)
    with claims.alone("default"):
        monkeypatch.setattr(claims, "PATIENCE", 0.05)
        [error] = together(lambda: claim(9, "default"))
    assert isinstance(error, OperationalError)


def test_a_row_that_is_being_saved_holds_up_no_claim() -> None:
    """Where the database has it: others wait for the save, or find nothing to wait for."""
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("no SKIP LOCKED")
    saved, other = rows_on("a", 1)[0], rows_on("b", 1)[0]
    with transaction.atomic():
        Registry.objects.filter(pk=saved.pk).update(name="Saved")
        assert together(lambda: claim(9, "default")) == [[other]]
    assert claim(9, "default") == [saved]


def test_rows_that_stay_locked_hold_up_no_others(looks_at: Callable[[int], None]) -> None:
    """However many they are: a long transaction may have written more than a claim looks at."""
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("no SKIP LOCKED")
    looks_at(2)
    new, known, other = rows_on("a", 2), rows_on("b", 2), rows_on("c", 1)
    Registry.objects.filter(pk__in=[row.pk for row in known]).update(check_host="b.example")
    Registry.objects.filter(pk=other[0].pk).update(next_check=1)
    with transaction.atomic():
        Registry.objects.filter(pk__in=[row.pk for row in (*new, *known)]).update(name="Saved")
        assert together(lambda: claim(9, "default")) == [other]


def test_the_next_rows_are_found_without_sorting(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows there are, an index has them in their order."""
    monkeypatch.setattr(claims, "LOOKED_AT", 5)  # of few rows, MariaDB would rather sort many
    many_hosts(1000)
    with sorting() as queries:
        rows = claim(3, "default")
    assert len(rows) == 3
    assert queries == []


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_the_clock_is_that_of_the_database(ahead: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines whose clocks are wrong agree all the same."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no clock of its own")
    right = clock.seconds("default")
    monkeypatch.setattr(clock.time, "time", lambda: right + ahead)
    clock.read("default")
    assert abs(clock.seconds("default") - right) < 60
    assert abs(clock.now("default").timestamp() - right) < 60
    moment = clock.as_moment(right + ahead)
    assert abs(clock.corrected(moment, "default").timestamp() - right) < 60
