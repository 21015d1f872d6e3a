"""Several `run_checks` at once: some are killed, a host fails, all are told to stop."""

import random
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing.context import ForkServerProcess
from threading import Event, Thread
from typing import Self

import pytest

from registries.models import Check, Notification, Registry, StateChange
from registries.models.times import today
from registries.notifying.collecting import collect
from tests.factories import build, create
from tests.fakes.counting import Counting
from tests.fakes.server import FakeServer
from tests.integrity import processes as work
from tests.integrity.conftest import Processes, assert_sound

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_defaults(transactional_db: None) -> Iterator[None]:
    Registry.objects.update(check_every=0, next_check=None)
    yield
    assert_sound()


def rows_on(server: FakeServer, count: int, period: int) -> list[Registry]:
    """Rows with an account each, and periods that are shorter than any form allows."""
    rows = [create("custom", url=server.origin) for _ in range(count)]
    for row in rows:
        row.login, row.password = f"row-{row.pk}", "fake-password"
        row.save()
    Registry.objects.filter(pk__in=[row.pk for row in rows]).update(check_every=period)
    return rows


def wait_until_checked(
    rows: list[Registry], since: float = 0, meanwhile: Callable[[], None] = lambda: None
) -> None:
    moment = datetime.fromtimestamp(since, UTC)
    pks = [row.pk for row in rows]
    end = time.monotonic() + 60
    while Registry.objects.filter(pk__in=pks, checked_at__gte=moment).count() < len(rows):
        assert time.monotonic() < end, "some were never checked"
        meanwhile()
        time.sleep(0.05)


def end(running: list[ForkServerProcess]) -> None:
    """Tell all to stop, and wait until they have."""
    for process in running:
        process.terminate()
    for process in running:
        process.join(30)
    assert {process.exitcode for process in running} == {0}


def test_nobody_is_reminded_twice(processes: Processes) -> None:
    """Of several that look at the same time, one writes the message about all of them."""
    rows = [
        create("ghcr", expires_on=today() + timedelta(days=number % 40)) for number in range(60)
    ]
    together = processes.context.Barrier(4)
    running = [processes.start(work.remind, together) for _ in range(4)]
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * 4
    told = Notification.objects.filter(kind="expiry")
    soon = sum(row.expires_on <= today() + timedelta(days=30) for row in rows)
    assert sum(each.data["total"] for each in told) == soon


def test_killed_at_random_they_lose_no_row(processes: Processes) -> None:
    """None is checked twice at once, nor twice in its period, nor too many on a host."""
    period, hosts = 2, 2
    doors = [Counting(lambda: time.sleep(0.03) or 200) for _ in range(2)]
    with FakeServer(doors[0]) as one, FakeServer(doors[1]) as other:
        rows = [row for server in (one, other) for row in rows_on(server, 8, period)]
        running = [processes.start(work.run_checks, 1, hosts) for _ in range(3)]
        wait_until_checked(rows[:1])
        for _ in range(8):
            time.sleep(random.uniform(0.05, 0.3))
            killed = running.pop(random.randrange(len(running)))
            killed.kill()
            killed.join()
            running.append(processes.start(work.run_checks, 1, hosts))
        wait_until_checked(rows, since=time.time())
        end(running)
    for door in doors:
        assert door.most.pop("all") <= hosts
        assert set(door.most.values()) == {1}
    for row in rows:
        times = list(Check.objects.filter(registry=row).order_by("checked_at"))
        waits = [(b.checked_at - a.checked_at).total_seconds() for a, b in pairwise(times)]
        assert min(waits, default=period) > period / 2 - 1, "half a period, in whole seconds"


def test_many_rows_of_a_host_that_fails_hold_up_no_others(processes: Processes) -> None:
    is_over = Event()
    broken = Counting(lambda: 503 if is_over.wait(30) else 500)
    fine = Counting(lambda: 200)
    with FakeServer(broken) as bad, FakeServer(fine) as good:
        many, others = rows_on(bad, 40, 3600), rows_on(good, 6, 3600)
        Registry.objects.filter(pk__in=[row.pk for row in others]).update(next_check=1)
        running = [processes.start(work.run_checks, 20, 4) for _ in range(2)]
        with broken.changed:
            assert broken.changed.wait_for(lambda: broken.now["all"] == 4, 60)
        wait_until_checked(others)
        assert not Check.objects.filter(verdict="unreachable").exists()
        is_over.set()
        wait_until_checked(many)
        end(running)
    assert broken.most["all"] == 4
    assert Check.objects.count() == len(many) + len(others)
    assert not Registry.objects.exclude(checking_until=None).exists()


class Silent:
    """A host that accepts connections and never answers; `most` were open at a time."""

    def __init__(self) -> None:
        self.most = self.count = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._thread = Thread(target=self._accept)

    def _accept(self) -> None:
        while True:
            try:
                accepted, _address = self._listening.accept()
            except OSError:
                return
            for each in list(filter(self._is_closed, self._open)):
                each.close()
                self._open.remove(each)
            self._open.append(accepted)
            self.most = max(self.most, len(self._open))
            self.count += 1

    @staticmethod
    def _is_closed(accepted: socket.socket) -> bool:
        """Whether the other side has closed it."""
        try:
            while accepted.recv(65536, socket.MSG_DONTWAIT):
                pass
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for each in self._open:
            each.close()


@pytest.mark.parametrize("refuses", [False, True], ids=["silent", "refuses"])
def test_ten_thousand_rows_of_a_host_that_fails(processes: Processes, *, refuses: bool) -> None:
    """Few wait for it at a time, the others are checked on time, and it makes one message."""
    with Silent() as silent, FakeServer(Counting(lambda: 200)) as good, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, and nobody listens
        url = f"http://127.0.0.1:{closed.getsockname()[1]}" if refuses else silent.origin
        many = [build("custom", name_key=f"{n}", url=url, check_every=3600) for n in range(10_000)]
        Registry.objects.bulk_create(many)
        others = rows_on(good, 10, 2)
        running = [processes.start(work.run_checks, 1, 4, 1) for _ in range(2)]
        wait_until_checked(others)
        for _ in range(2):
            wait_until_checked(others, since=time.time())
        end(running)
    if not refuses:
        assert silent.most == 4
        assert silent.count >= 8
    assert Registry.objects.filter(check_verdict="unreachable").count() >= 4
    changed = Registry.objects.filter(health="attention").count()
    notification = collect("default", at_once=True)
    assert notification
    assert notification.data["total"] == StateChange.objects.count() == changed
    assert not Notification.objects.exclude(pk=notification.pk).exists()
