"""People, checks and processes at the same rows at the same time: no update is lost."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client

from registries import services
from registries.checking import running
from registries.checking.turns import Turn
from registries.client.errors import ClientError
from registries.models import ChangedMeanwhile, Check, Registry
from registries.verdicts import Verdict
from tests import forking
from tests.factories import create
from tests.fakes.gate import Gate
from tests.fakes.server import FakeServer, Reply, Request
from tests.integrity import processes as work
from tests.integrity.conftest import Processes, site_environment
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 20
MANY = 50


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def server(gate: Gate) -> Iterator[FakeServer]:
    with FakeServer(gate) as server:
        yield server
        gate.open.set()


@pytest.fixture
def row(server: FakeServer) -> Registry:
    return create("custom", url=server.origin)


def stored(row: Registry) -> Registry:
    return Registry.objects.get(pk=row.pk)


# Two who change the same row


def test_of_two_editors_one_is_told() -> None:
    """#56: nobody's change is overwritten by somebody who has not seen it."""
    row = create("hub")
    for number in range(ROUNDS):
        editors = [stored(row), stored(row)]
        for which, editor in enumerate(editors):
            editor.name = f"Round {number} of {which}"
        first, second = together(*(editor.save for editor in editors))
        conflict, saved = (first, second) if first else (second, first)
        assert isinstance(conflict, ChangedMeanwhile)
        assert saved is None
        assert stored(row).name == f"Round {number} of {0 if conflict is second else 1}"


def test_of_a_reset_and_an_edit_one_is_told() -> None:
    """#56: a reset leaves no half of an edit behind, nor an edit half of a reset."""
    row = Registry.objects.get(kind="hub", is_default=True)
    for _ in range(ROUNDS):
        editor, resetter = stored(row), stored(row)
        editor.login, editor.password = "johndoe", "fake-password"
        edited, was_reset = together(editor.save, lambda row=resetter: services.reset(row))
        result = stored(row)
        if edited is None:
            assert isinstance(was_reset, ChangedMeanwhile)
            assert (result.login, result.password.reveal()) == ("johndoe", "fake-password")
        else:
            assert isinstance(edited, ChangedMeanwhile)
            assert result.provided() == set()


def test_a_reset_forgets_the_check_of_a_row_that_nothing_was_changed_on() -> None:
    row = Registry.objects.get(kind="hub", is_default=True)
    now = datetime.now(UTC)
    Registry.objects.filter(pk=row.pk).update(
        check_verdict="anonymous", check_code="public", checked_at=now
    )
    services.reset(stored(row))
    assert stored(row).last_check is None


def test_no_increment_is_lost(processes: Processes) -> None:
    """#57, #58: 240 writes of eight processes to one row; no lock is refused, no number lost."""
    row = create("hub", login="0")
    writers = [processes.start(work.count_up, row.pk, 30) for _ in range(8)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 8
    assert stored(row).login == "240"


# Checks


def test_an_edit_does_not_wait_for_a_slow_registry(
    row: Registry, gate: Gate, server: FakeServer
) -> None:
    """#55, #59: no transaction is open meanwhile, and the verdict on what was is dropped."""

    def edit() -> None:
        assert gate.arrived.wait(30)
        editor = stored(row)
        editor.password = "changed meanwhile"
        editor.save()
        gate.open.set()

    checked, edited = together(lambda: services.check(stored(row)), edit)
    assert checked.verdict is Verdict.VALID
    assert edited is None
    result = stored(row)
    assert result.password.reveal() == "changed meanwhile"
    assert result.last_check is None
    assert not result.checks.get().is_recent, "the audit has it"


def test_a_verdict_stands_only_beside_what_it_was_made_with(row: Registry, gate: Gate) -> None:
    """#55: an edit and a check at once, many times over."""
    gate.open.set()
    for number in range(ROUNDS):
        editor, checked = stored(row), stored(row)
        editor.password = "fake-password" if number % 2 else "wrong"
        saved, result = together(editor.save, lambda row=checked: services.check(row))
        assert saved is None
        assert result.verdict in {Verdict.VALID, Verdict.REJECTED}
        results = stored(row)
        assert results.password.reveal() == editor.password.reveal()
        if results.last_check:
            is_right = results.password.reveal() == "fake-password"
            assert results.last_check.verdict == (Verdict.VALID if is_right else Verdict.REJECTED)


def test_a_row_is_deleted_while_its_check_is_stored(server: FakeServer, gate: Gate) -> None:
    """The audit grows no line that belongs to a row which is gone: that would undo the deletion."""
    gate.open.set()
    for _ in range(ROUNDS):
        row = create("custom", url=server.origin)
        services.check(row)
        deleted, result = together(stored(row).delete, lambda row=row: services.check(row))
        assert not isinstance(deleted, Exception), deleted
        assert result.verdict is Verdict.VALID
        assert not Registry.objects.filter(pk=row.pk).exists()
    assert not Check.objects.exclude(registry=None).exists()


# What asks registries: by address of the admin or the API, or by command.
FORM = {"name": "Row", "login": "johndoe", "password": "wrong", "verify_tls": "on"}
ASKED: dict[str, dict[str, str]] = {
    "/backstage/registries/registry/{pk}/check/": {},
    "/backstage/registries/registry/{pk}/change/": {**FORM, "_check": "1"},
    "/backstage/registries/registry/{pk}/change/?saved": {**FORM, "_savecheck": "1"},
    "/backstage/registries/registry/add/?kind=custom": {**FORM, "_savecheck": "1"},
    "/backstage/registries/registry/": {"action": "check_selected", "post": "yes"},
    "check_registries": {},
    "/gateway/v1/registries/{pk}/tags/?repository=team/app": {},
    "/gateway/v1/registries/{pk}/digest/?repository=team/app&reference=1": {},
    "/gateway/v1/images/tags/?image={host}/team/app": {},
    "/gateway/v1/images/digest/?image={host}/team/app:1": {},
}


def is_a_transaction_open() -> bool:
    """Whether anybody is in the middle of a transaction, as the database sees it."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=0)) as another:
            try:
                another.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False
    try:
        return IDLE_IN_TRANSACTION[connection.vendor]()
    finally:
        connections.close_all()


def _idle_in_postgresql() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        )
        return cursor.fetchone()[0] > 0


def _idle_in_mariadb() -> bool:
    """Its list of transactions may be a moment old: it is new enough once it has our own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID(), COUNT(*) FROM registries_registry")
        own = cursor.fetchone()[0]
        while True:
            cursor.execute(
                "SELECT id, command FROM information_schema.innodb_trx"
                " JOIN information_schema.processlist ON id = trx_mysql_thread_id"
                " WHERE db = DATABASE()"
            )
            open_now = dict(cursor.fetchall())
            if own in open_now:
                return "Sleep" in open_now.values()
            time.sleep(0.11)


IDLE_IN_TRANSACTION = {"postgresql": _idle_in_postgresql, "mysql": _idle_in_mariadb}


class Witness:
    """A registry that looks, while it is asked, whether a transaction is open."""

    def __init__(self) -> None:
        self.seen: list[bool] = []

    def __call__(self, _request: Request) -> Reply:
        self.seen.append(is_a_transaction_open())
        return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="fake"'})


@pytest.mark.parametrize("way", ASKED)
def test_no_transaction_is_open_while_a_registry_is_asked(way: str, client: Client) -> None:
    """#59: whoever asks, and however."""
    witness = Witness()
    with FakeServer(witness) as server:
        row = create("custom", url=server.origin)
        client.force_login(User.objects.create_superuser("ann"))
        path = way.format(pk=row.pk, host=server.origin.removeprefix("http://"))
        form = {"_selected_action": str(row.pk), "url": server.origin, **ASKED[way]}
        if way == "check_registries":
            call_command(way, row.name)
        elif "/v1/" in way:
            client.get(path)
        else:
            assert client.post(path, form, follow=True).status_code == 200
    assert witness.seen
    assert not any(witness.seen)


def test_an_open_transaction_would_be_seen() -> None:
    """The failing twin: a caller who asks in the middle of one."""
    witness = Witness()
    with FakeServer(witness) as server:
        row = create("custom", url=server.origin)
        with transaction.atomic():
            Registry.objects.filter(pk=row.pk).update(name="Row")
            with pytest.raises(ClientError):
                services.list_tags(row, "team/app")
    assert witness.seen
    assert all(witness.seen)


def sign_ins(server: FakeServer) -> int:
    return sum(request.basic == ("johndoe", "fake-password") for request in server.requests)


def test_a_storm_of_checks_is_one_sign_in(
    row: Registry, gate: Gate, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#65: fifty at once ask the registry once, and all get its answer."""
    came = threading.Barrier(MANY, gate.open.set)

    class Begun(Turn):
        """A turn that lets the registry answer once all fifty have begun."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            came.wait(30)

    monkeypatch.setattr(running, "Turn", Begun)
    results = together(*(lambda: services.check(stored(row)) for _ in range(MANY)))
    monkeypatch.undo()
    assert [result.code for result in results] == ["signed_in"] * MANY
    assert len({result.checked_at for result in results}) == 1
    assert sign_ins(server) == 1
    assert stored(row).checking_until is None
    services.check(stored(row))
    assert sign_ins(server) == 2, "the next check asks anew"


def test_a_storm_from_several_processes_is_one_sign_in(
    row: Registry, gate: Gate, server: FakeServer, processes: Processes
) -> None:
    """#65, across processes."""
    came = processes.context.Semaphore(0)
    checkers = [processes.start(work.check, row.pk, came) for _ in range(4)]
    for _ in checkers:
        assert came.acquire(timeout=60)
    assert gate.arrived.wait(30)
    gate.open.set()
    for checker in checkers:
        checker.join()
        assert checker.exitcode == 0
    assert sign_ins(server) == 1


def test_two_images_of_one_row_are_tried_one_after_the_other(
    row: Registry, gate: Gate, server: FakeServer
) -> None:
    """Nobody gets the answer about somebody else's image."""
    asked_before: list[int] = []

    def open_gate() -> None:
        gate.arrived.wait(30)
        time.sleep(0.5)  # in which the other one would ask as well
        asked_before.append(len(server.requests))
        gate.open.set()

    first, second, _opened = together(
        lambda: services.check(stored(row), "team/one"),
        lambda: services.check(stored(row), "team/two"),
        open_gate,
    )
    assert asked_before == [1]
    assert first.checked_at != second.checked_at
    names = [request.path.split("/")[3] for request in server.requests if "team" in request.path]
    assert names in (sorted(names), sorted(names, reverse=True))
    assert set(names) == {"one", "two"}


def test_a_checker_that_was_killed_keeps_nobody_waiting(
    row: Registry, gate: Gate, server: FakeServer, processes: Processes, settings: Any
) -> None:
    """#65: its lease ends by itself."""
    settings.REGISTRIES = {"TIMEOUT": 2}
    came = processes.context.Semaphore(0)
    checker = processes.start(work.check, row.pk, came)
    assert gate.arrived.wait(60)
    checker.kill()
    checker.join()
    assert stored(row).checking_until is not None
    gate.open.set()
    assert services.check(stored(row)).verdict is Verdict.VALID
    assert stored(row).checking_until is None


def test_a_lease_that_is_over_is_taken_at_once(row: Registry, gate: Gate) -> None:
    """#89: and so is one that nobody can have taken: the clock was set back since."""
    gate.open.set()
    for seconds, free in ((55, False), (-1, True), (3600, True)):
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        Registry.objects.filter(pk=row.pk).update(checking_until=until)
        assert Turn(stored(row), 60, shares=True).has_come() is free
    Registry.objects.filter(pk=row.pk).update(checking_until=until)
    assert services.check(stored(row)).verdict is Verdict.VALID


def test_a_result_of_a_wrong_clock_is_nobodys_answer(
    row: Registry, gate: Gate, server: FakeServer
) -> None:
    """Whoever checks after a clock was set back asks the registry, and need not wait."""
    gate.open.set()
    later = datetime.now(UTC) + timedelta(hours=1)
    wrong = {"check_verdict": "unreachable", "check_code": "timeout", "checked_at": later}
    Registry.objects.filter(pk=row.pk).update(**wrong)
    assert Turn(stored(row), 60, shares=True).has_come()
    Registry.objects.filter(pk=row.pk).update(checking_until=None)
    assert services.check(stored(row)).verdict is Verdict.VALID
    assert sign_ins(server) == 1


@pytest.mark.parametrize("change", [{"name": "Renamed"}, {"login": "a", "password": "other"}])
def test_a_change_leaves_the_lease_until_its_check_ends(
    row: Registry, change: dict[str, str]
) -> None:
    """It still calls the registry, which others must not call too often at once."""
    turn = Turn(stored(row), 60, shares=True)
    assert turn.has_come()
    editor = stored(row)
    for name, value in change.items():
        setattr(editor, name, value)
    editor.save()
    assert not Turn(stored(row), 60, shares=True).has_come()
    turn.release()
    assert Turn(stored(row), 60, shares=True).has_come()


# Migrations


def test_two_migrate_a_new_database_at_once(new_database: str) -> None:
    """#60: neither fails, and the default rows are there once."""
    environment = {**os.environ, **site_environment(), "DATABASE_URL": new_database}
    migrate = ["manage.py", "migrate", "--verbosity", "0"]
    for process in [forking.Python(migrate, environment) for _ in range(2)]:
        output, _ = process.communicate(timeout=120)
        assert process.wait(1) == 0, output
    count = "from registries.models import Registry; print(Registry.objects.count())"
    shell = ["manage.py", "shell", "--no-imports", "--command", count]
    assert forking.run(shell, environment) == (0, "5\n")
