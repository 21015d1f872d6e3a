"""Checks of many: bounded for the whole process, and ended when their reader has left."""

import multiprocessing
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from registries import services
from registries.admin import bulk
from registries.checking.background import check_in_background
from registries.checking.callers import Caller
from registries.checking.pools import shared
from registries.models import Check, Registry
from registries.models.check import Origin
from tests.factories import create
from tests.fakes.gate import Gate
from tests.fakes.server import FakeServer, Reply
from tests.screens import LIST, user_with

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS, MANY = 3, 12
ROBIN = Caller(Origin.BULK, "7", "robin")


@pytest.fixture
def gate() -> Gate:
    return Gate(anonymous=True)


@pytest.fixture
def server(gate: Gate) -> Iterator[FakeServer]:
    with FakeServer(gate) as running:
        yield running
        gate.open.set()


@pytest.fixture
def rows(server: FakeServer, settings: Any) -> list[Registry]:
    settings.REGISTRIES = {"TIMEOUT": 30, "CHECK_WORKERS": WORKERS}
    anonymous = {"login": None, "password": None}
    return [create("custom", url=server.origin, **anonymous) for _ in range(MANY)]


@pytest.fixture
def client() -> Client:
    return user_with(is_superuser=True)


def select(client: Client, rows: list[Registry]) -> Any:
    chosen = {"action": "check_selected", "_selected_action": [row.pk for row in rows]}
    return client.post(LIST, chosen)


def wait_until_ended() -> None:
    """Until no check of many runs aside any more."""
    for thread in threading.enumerate():
        if thread.name == "registries-bulk":
            thread.join(30)
            assert not thread.is_alive()


def test_nothing_more_begins_once_the_reader_has_left(
    client: Client, rows: list[Registry], gate: Gate
) -> None:
    """#93: what had begun ends and is in the audit; whoever served the page waits for neither."""
    answer = select(client, rows)
    parts = iter(answer.streaming_content)
    next(parts)
    reading = threading.Thread(target=next, args=(parts,))
    reading.start()
    gate.wait_for(WORKERS)
    reading.join(30)
    answer.close()  # as servers do; no registry has answered yet
    assert not gate.open.is_set()
    gate.open.set()
    wait_until_ended()
    assert gate.calls == WORKERS
    assert Check.objects.filter(origin="bulk", user_name="robin").count() == WORKERS
    assert Registry.objects.exclude(checked_at=None).count() == WORKERS
    assert not Registry.objects.exclude(checking_until=None).exists()


def test_a_page_says_something_while_nothing_ends(
    client: Client, rows: list[Registry], gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#93: a server notices that its reader has left when it sends something to him."""
    monkeypatch.setattr(bulk, "SECONDS", 0.01)
    answer = select(client, rows)
    parts = iter(answer.streaming_content)
    next(parts)
    assert [next(parts) for _ in range(3)] == [b"\n"] * 3
    gate.open.set()
    assert f"Checked {MANY} registries" in b"".join(parts).decode()


def test_a_page_that_nobody_began_to_read_checks_nothing(
    client: Client, rows: list[Registry], gate: Gate
) -> None:
    """#93: and takes no place from others."""
    for _ in range(5):
        select(client, rows).close()
    gate.open.set()
    assert f"Checked {MANY} registries" in b"".join(select(client, rows)).decode()
    assert gate.calls == MANY


def test_however_many_ask_the_threads_are_those_of_one_process(
    rows: list[Registry], gate: Gate
) -> None:
    """#93: four people, one bound."""
    groups = [rows[number::2] for number in range(2)]
    pages = [check_in_background(group, caller=ROBIN, beat=0.01) for group in groups]
    for page in pages:
        assert next(page) is None
    gate.wait_for(WORKERS)
    gate.open.set()
    result = [item for page in pages for item in page if item]
    assert len(result) == MANY
    assert gate.most == WORKERS
    wait_until_ended()


def test_a_single_check_does_not_wait_for_those_of_many(rows: list[Registry], gate: Gate) -> None:
    """#93: nor do few."""
    page = check_in_background(rows, caller=ROBIN, beat=0.01)
    assert next(page) is None
    gate.wait_for(WORKERS)
    with FakeServer(lambda _request: Reply(200, b"{}")) as quick:
        anonymous = {"login": None, "password": None}
        few = [create("custom", url=quick.origin, **anonymous) for _ in range(bulk.FEW)]
        assert services.check(few[0]).code == "public"
        assert {result.code for result in services.check_many(few)} == {"public"}
    assert not gate.open.is_set()
    page.close()
    gate.open.set()
    wait_until_ended()


def test_a_third_page_is_asked_to_wait(client: Client, rows: list[Registry], gate: Gate) -> None:
    """#93: each holds one of the server's threads, which others need."""
    answers = [select(client, rows) for _ in range(2)]
    pages = [iter(answer.streaming_content) for answer in answers]
    for page in pages:
        next(page)
        assert next(page) == b"\n"
    refused = b"".join(select(client, rows)).decode()
    assert "Others are checking many registries right now." in refused
    answers[0].close()
    gate.open.set()
    assert f"Checked {MANY} registries" in b"".join(select(client, rows)).decode()
    answers[1].close()
    wait_until_ended()


def test_code_that_stops_asking_leaves_nothing_undone(rows: list[Registry], gate: Gate) -> None:
    """#93: a site's own code may look at the first result alone."""
    gate.open.set()
    checks = services.check_each(rows)
    next(checks)
    checks.close()
    assert Check.objects.count() == gate.calls < MANY
    assert not Registry.objects.exclude(checking_until=None).exists()


def test_an_error_beside_the_page_is_the_pages(
    rows: list[Registry], gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.open.set()
    monkeypatch.setattr(Check, "keep", lambda *_args, **_options: 1 / 0)
    page = check_in_background(rows, caller=ROBIN, beat=30)
    with pytest.raises(ZeroDivisionError):
        list(page)
    wait_until_ended()


def test_a_process_that_is_forked_off_has_threads_of_its_own(
    rows: list[Registry], gate: Gate
) -> None:
    """#93: a server that loads the site first and forks then checks as any other."""
    gate.open.set()
    assert shared(1).acquire()
    assert shared(1).run(lambda: 1).result(30) == 1
    connections.close_all()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()

    def work() -> None:
        pool = shared(1)
        queue.put(pool.acquire() and pool.run(lambda: 2).result(20))

    process = context.Process(target=work)
    process.start()
    try:
        assert queue.get(timeout=30) == 2
    finally:
        process.join(30)
