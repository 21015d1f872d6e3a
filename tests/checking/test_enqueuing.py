"""What is due for a queue of tasks: in batches, each row once, one batch of a host at a time."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest

from registries.checking import clock, enqueuing
from registries.checking.claims import claim
from registries.checking.enqueuing import give_back, take
from registries.models import Registry
from tests.factories import create
from tests.plans import many_hosts, sorting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_defaults(transactional_db: None) -> None:
    Registry.objects.update(check_every=0, next_check=None)


def rows_on(host: str, count: int) -> list[int]:
    return [create("custom", url=f"https://{host}.example").pk for _ in range(count)]


def note(pks: list[int], seconds: int) -> None:
    """As if a task were thought to wait for so many seconds from now."""
    until = clock.now("default") + timedelta(seconds=seconds)
    Registry.objects.filter(pk__in=pks).update(enqueued_until=until)


def test_rows_of_a_host_are_in_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueuing, "BATCH", 4)
    monkeypatch.setattr(enqueuing, "BATCH_OF_A_HOST", 6)
    monkeypatch.setattr(enqueuing, "AT_A_TIME", 3)
    a, b, c, d = (rows_on(host, count) for host, count in zip("abcd", (1, 3, 9, 2), strict=True))
    batches = take("default")
    assert [sorted(batch) for batch in (batches[0], batches[2])] == [a + b, d]
    assert len(batches[1]) == 6
    assert set(batches[1]) <= set(c)
    assert take("default") == [], "the rest of c waits until its batch is done"
    give_back(batches[1], "default")
    assert [len(batch) for batch in take("default")] == [6]


def test_one_batch_of_a_host_waits_at_a_time() -> None:
    first = rows_on("a", 2)
    assert take("default") == [first]
    more, other = rows_on("a", 2), rows_on("b", 1)
    assert take("default") == [other]
    # Its task claims the first rows; the host is free again.
    assert len(claim(9, "default", first)) == 2
    assert take("default") == [more]


@pytest.mark.parametrize(
    ("seconds", "is_taken"),
    [(595, False), (5, False), (-1, True), (660, True)],
    ids=["just noted", "about to end", "lost with its task", "the clock was set back since"],
)
def test_what_was_noted_is_taken_again_later(seconds: int, is_taken: bool) -> None:
    rows = rows_on("a", 2)
    clock.read("default")
    note(rows, seconds)
    assert take("default") == ([rows] if is_taken else [])


def test_what_is_not_due_any_more_is_waited_for_no_longer() -> None:
    """Somebody checked it while its task waited: that keeps nothing back of its host."""
    checked, *due = rows_on("a", 3)
    note([checked], 595)
    later = int(clock.seconds("default")) + 1000
    Registry.objects.filter(pk=checked).update(next_check=later)
    assert take("default") == [due]


def test_what_a_killed_worker_had_claimed_is_taken_when_its_lease_ends() -> None:
    rows = rows_on("a", 1)
    assert take("default") == [rows]
    assert len(claim(9, "default", rows)) == 1
    over = {"checking_until": clock.now("default") - timedelta(seconds=1), "next_check": 1}
    Registry.objects.filter(pk__in=rows).update(**over)
    assert take("default") == [rows]


def test_what_changes_is_taken_at_once() -> None:
    (pk,) = rows_on("a", 1)
    assert take("default") == [[pk]]
    row = Registry.objects.get(pk=pk)
    row.login, row.password = "other", "fake-new"
    row.save()
    assert take("default") == [[pk]]


def test_what_somebody_checks_right_now_is_left_out() -> None:
    first, second = rows_on("a", 2)
    assert [row.pk for row in claim(1, "default")] == [first]
    assert take("default") == [[second]]


def test_a_row_of_a_kind_that_is_not_known_here_is_left_alone() -> None:
    unknown, known = rows_on("a", 2)
    Registry.objects.filter(pk=unknown).update(kind="of-a-later-version")
    assert take("default") == [[known]]
    assert take("default") == []


def test_a_claim_may_be_among_some_rows_alone() -> None:
    first, second, third = rows_on("a", 3)
    assert [row.pk for row in claim(9, "default", [second, third])] == [second, third]
    assert claim(9, "default", [second, third]) == []
    assert [row.pk for row in claim(9, "default")] == [first]


def test_what_is_due_is_found_without_sorting(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows there are, an index has them in their order."""
    many_hosts(1000)
    monkeypatch.setattr(enqueuing, "AT_A_TIME", 3)
    by_host: defaultdict[str, list[int]] = defaultdict(list)
    with sorting() as queries:
        assert enqueuing._take_some(clock.now("default"), by_host, "default")
    assert len(by_host) == 3
    assert queries == []


def test_two_that_enqueue_at_once_take_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one looks while the first has read what is due, and is about to note it."""
    rows = rows_on("a", 2)
    taken: list[Any] = []
    find_hosts = enqueuing.find_hosts

    def then(pks: list[int], using: str) -> Any:
        if not taken:
            taken.append(None)
            found = find_hosts(pks, using)
            taken.extend(take(using))
            return found
        return find_hosts(pks, using)

    monkeypatch.setattr(enqueuing, "find_hosts", then)
    everything = [pk for batch in [*take("default"), *taken[1:]] for pk in batch]
    assert sorted(everything) == rows
