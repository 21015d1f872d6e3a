"""`run_checks`: checks what is due, is stopped, and outlives its database."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DataError, OperationalError, ProgrammingError
from django.utils import timezone

from registries.checking import claims, clock, runner
from registries.checking.runner import Runner
from registries.models import Check, Registry
from tests.factories import create
from tests.fakes.gate import PASSWORD, Gate
from tests.fakes.server import FakeServer
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gate() -> Gate:
    """Open, unless a test closes it."""
    gate = Gate()
    gate.open.set()
    return gate


@pytest.fixture
def server(gate: Gate) -> Iterator[FakeServer]:
    with FakeServer(gate) as running:
        yield running
        gate.open.set()


@pytest.fixture
def rows(server: FakeServer) -> list[Registry]:
    Registry.objects.update(check_every=0, next_check=None)
    given = {"url": server.origin, "login": "johndoe"}
    return [create("custom", password=PASSWORD, **given) for _ in range(6)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BEAT", 0.01)
    monkeypatch.setattr(runner, "IDLE", 0.01)


def not_due() -> bool:
    return not claims.due("default").exists()


def test_once_checks_all_that_is_due(
    rows: list[Registry], gate: Gate, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REGISTRIES = {"HOST_CONCURRENCY": 2}
    refused = create("custom", url=rows[0].url, login="johndoe", password="wrong")
    never = create("custom", url=rows[0].url, check_every=0)
    with caplog.at_level(logging.INFO, "registries"):
        call_command("run_checks", once=True)
    assert not_due()
    checked = Registry.objects.exclude(checked_at=None)
    assert {row.pk for row in checked} == {row.pk for row in (*rows, refused)}
    assert never not in checked
    assert not Registry.objects.exclude(checking_until=None).exists()
    assert set(Check.objects.values_list("origin", "user_id")) == {("schedule", "")}
    assert Check.objects.count() == 7
    assert caplog.messages == ["Registries checked: 7; fine: 6; need attention: 1"]
    assert 1 <= gate.most <= 2
    call_command("run_checks", once=True)
    assert Check.objects.count() == 7, "nothing is due any more"


def test_a_signal_ends_it_once_what_runs_is_stored(
    rows: list[Registry], gate: Gate, settings: Any
) -> None:
    settings.REGISTRIES = {"CHECK_WORKERS": 2}
    gate.open.clear()
    before = signal.getsignal(signal.SIGTERM)

    def interrupt() -> None:
        assert gate.arrived.wait(30)
        os.kill(os.getpid(), signal.SIGTERM)
        gate.open.set()

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    call_command("run_checks")
    interrupting.join(30)
    assert 1 <= Check.objects.count() <= 4, "no more were begun"
    assert not Registry.objects.exclude(checking_until=None).exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_it_ends_with_its_parent(rows: list[Registry]) -> None:
    """As `make run` starts it beside the site; another process than the parent it is not."""
    call_command("run_checks", parent=os.getppid(), once=True)
    assert Check.objects.count() == len(rows)
    call_command("run_checks", parent=os.getppid() + 1)
    assert Check.objects.count() == len(rows)


@pytest.mark.parametrize(
    ("at", "error", "said", "checked"),
    [
        ("claim", OperationalError, "does not answer (OperationalError)", 6),
        ("claim", ProgrammingError, "reports an error (ProgrammingError)", 6),
        ("store", OperationalError, "does not answer (OperationalError)", 5),
    ],
    ids=["away", "being migrated", "away before a result is stored"],
)
def test_the_database_may_be_away_for_a_while(
    at: str,
    error: type[Exception],
    said: str,
    checked: int,
    rows: list[Registry],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was claimed and not stored is due again when its lease ends; the log says what is so."""
    monkeypatch.setattr(runner, "LONGEST_PAUSE", 0)
    real, away = getattr(runner, at), [error(f"secret {PASSWORD}")]

    def sometimes(*arguments: Any, **options: Any) -> Any:
        if away:
            raise away.pop()
        return real(*arguments, **options)

    monkeypatch.setattr(runner, at, sometimes)
    with caplog.at_level(logging.INFO, "registries"):
        Runner().run(once=True)
    assert not_due()
    assert Registry.objects.exclude(checking_until=None).count() == len(rows) - checked
    assert caplog.messages == [
        f"The database {said}. The next attempt is in 0 s.",
        "The database answers again.",
        f"Registries checked: {checked}; fine: {checked}; need attention: 0",
    ]


def test_the_pauses_grow_and_a_signal_ends_them(
    rows: list[Registry], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    running = Runner()

    def away(*_arguments: Any) -> None:
        if len(caplog.messages) == 7:
            running.stop()
        raise OperationalError

    # Time passes when it sleeps.
    moment = iter(range(0, 10**6, 5))
    monkeypatch.setattr(runner.time, "monotonic", lambda: next(moment))
    monkeypatch.setattr(runner.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(runner, "claim", away)
    running.run()
    told = [message.rpartition(" in ")[2] for message in caplog.messages]
    assert told == ["1 s.", "2 s.", "4 s.", "8 s.", "16 s.", "30 s.", "30 s."]


@pytest.mark.parametrize(
    ("at", "error"), [("run_check", RuntimeError), ("store", DataError), ("store", ValueError)]
)
def test_a_fault_of_ours_ends_nothing_and_tells_nothing(
    at: str,
    error: type[Exception],
    rows: list[Registry],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The row counts as failed: it is not checked all the time."""
    real, faulty = getattr(runner, at), rows[0].pk
    Registry.objects.filter(pk=faulty).update(failures=2)

    def fails(row: Registry, *arguments: Any, **options: Any) -> Any:
        if row.pk == faulty:
            raise error(f"it held {PASSWORD}")
        return real(row, *arguments, **options)

    monkeypatch.setattr(runner, at, fails)
    Runner().run(once=True)
    assert Check.objects.count() == 5
    assert f"The check of registry {faulty} failed: {error.__name__}" in caplog.messages
    assert PASSWORD not in caplog.text
    row = Registry.objects.get(pk=faulty)
    assert (row.failures, row.checking_until, row.checked_at) == (3, None, None)
    assert row.next_check is not None
    assert row.next_check > clock.seconds("default") + row.period, "later than its period"


def test_several_share_the_rows(rows: list[Registry], gate: Gate, settings: Any) -> None:
    """Each row is checked once."""
    settings.REGISTRIES = {"CHECK_WORKERS": 2, "HOST_CONCURRENCY": 3}

    together(*[lambda: Runner().run(once=True)] * 3)
    assert Check.objects.count() == len(rows)
    assert gate.most <= 3


def test_old_checks_are_deleted(rows: list[Registry]) -> None:
    """Of each row the newest stay, though they are deleted for many rows together."""
    earlier = timezone.now() - timedelta(hours=1)
    for row in rows[:2]:
        old = [
            Check(registry=row, verdict="valid", checked_at=earlier + timedelta(seconds=number))
            for number in range(Check.KEPT + 5)
        ]
        Check.objects.bulk_create(old)
    call_command("run_checks", once=True)
    counts = [row.checks.count() for row in rows]
    assert counts == [Check.KEPT, Check.KEPT, 1, 1, 1, 1]
    assert {row.checks.latest("checked_at").origin for row in rows} == {"schedule"}
