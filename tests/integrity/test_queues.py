"""Workers of real queues of tasks: some are killed, and the queue loses what it holds."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path
from zlib import decompress

import pytest
from django.db import connection

from registries.models import Check, Registry
from tests import forking
from tests.fakes.counting import Counting
from tests.fakes.server import FakeServer
from tests.integrity.conftest import assert_sound, database_url
from tests.integrity.test_run_checks import rows_on, wait_until_checked
from tests.site import redis

pytestmark = pytest.mark.django_db(transaction=True)

PROCESS = str(Path(__file__).with_name("queue_process.py"))
PERIOD = 3
WORKERS = {
    "database": "db_worker --backend database --queue-name checks --interval 0.1"
    " --no-startup-delay --no-reload",
    "rq": "rqworker checks --job-class django_tasks_rq.Job"
    " --serializer rq.serializers.JSONSerializer",
}


class Site:
    """The processes of a site with a queue, and the queue."""

    def __init__(self, queue: str, folder: Path) -> None:
        self.queue, self.folder = queue, folder
        self.stack = ExitStack()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.environment = {
            "PATH": os.environ["PATH"],
            "QUEUE": queue,
            "DATABASE_URL": database_url(),
            "REDIS_URL": f"redis://127.0.0.1:{self.port}",
        }
        self.running: dict[forking.Python, tuple[str, ...]] = {}

    def manage(self, *arguments: str) -> None:
        status, output = forking.run([PROCESS, *arguments], self.environment)
        assert status == 0, output

    def start(self, *arguments: str) -> forking.Python:
        process = forking.Python([PROCESS, *arguments], self.environment)
        self.running[process] = arguments
        return process

    def start_redis(self) -> None:
        _url, self.redis = self.stack.enter_context(redis.running(self.folder, self.port))

    def kill(self, process: forking.Python) -> None:
        """Kill a process with what it has forked."""
        with suppress(ProcessLookupError, FileNotFoundError):
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            for pid in [process.pid, *map(int, children.read_text().split())]:
                os.kill(pid, signal.SIGKILL)
        del self.running[process]
        with process:
            print(process.stdout.read())  # shown where the test fails

    def restart(self) -> None:
        """Start what has ended again, as systemd would."""
        for process, arguments in list(self.running.items()):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0)
                self.kill(process)
                self.start(*arguments)

    def lose_tasks(self) -> None:
        if self.queue == "rq":
            self.redis.flushall()
        else:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM django_tasks_database_dbtaskresult")

    def held(self) -> str:
        """All tasks that the queue holds, and their results."""
        if self.queue == "database":
            with connection.cursor() as cursor:
                cursor.execute("SELECT * FROM django_tasks_database_dbtaskresult")
                return str(cursor.fetchall())
        jobs = [self.redis.hgetall(key) for key in self.redis.scan_iter("rq:job:*")]
        results = [self.redis.xrange(key) for key in self.redis.scan_iter("rq:results:*")]
        return str([(job, decompress(job[b"data"])) for job in jobs] + results)

    def start_worker(self) -> forking.Python:
        return self.start(*WORKERS[self.queue].split())


@pytest.fixture(params=["database", "rq"])
def site(request: pytest.FixtureRequest, tmp_path: Path, transactional_db: None) -> Iterator[Site]:
    Registry.objects.update(check_every=0, next_check=None)
    site = Site(request.param, tmp_path)
    if site.queue == "rq":
        redis.needed()
        site.start_redis()
    else:
        site.manage("migrate", "django_tasks_database", "--verbosity", "0")
    try:
        yield site
    finally:
        for process in list(site.running):
            site.kill(process)
        site.stack.close()
        if site.queue == "database":
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE django_tasks_database_dbtaskresult")
                app = "django_tasks_database"
                cursor.execute("DELETE FROM django_migrations WHERE app = %s", [app])
    assert_sound()


def test_a_queue_that_loses_workers_and_tasks_loses_no_check(site: Site) -> None:
    """No row is checked twice at once, nor twice in its period, nor are too many on a host."""
    doors = [Counting(lambda: time.sleep(0.03) or 200) for _ in range(2)]
    with FakeServer(doors[0]) as one, FakeServer(doors[1]) as other:
        rows = [row for server in (one, other) for row in rows_on(server, 8, PERIOD)]
        site.start("enqueue")
        workers = [site.start_worker() for _ in range(2)]
        wait_until_checked(rows)
        for worker in workers:
            site.kill(worker)
            site.start_worker()
            time.sleep(0.5)
        wait_until_checked(rows, since=time.time())
        site.lose_tasks()
        # A worker of the database ends if its task is gone when it is done.
        wait_until_checked(rows, since=time.time(), meanwhile=site.restart)
        held = site.held()
    assert "check_batch" in held
    assert "fake-password" not in held
    assert {row.login for row in rows}.isdisjoint(held)
    for door in doors:
        assert door.most.pop("all") <= 2
        assert set(door.most.values()) == {1}
    for row in rows:
        times = list(Check.objects.filter(registry=row).order_by("checked_at"))
        waits = [(b.checked_at - a.checked_at).total_seconds() for a, b in pairwise(times)]
        assert min(waits) > PERIOD / 2 - 1, "half a period, in whole seconds"


@pytest.mark.parametrize("site", ["rq"], indirect=True)
def test_a_queue_that_is_away_for_a_while(site: Site) -> None:
    with FakeServer(Counting(lambda: 200)) as server:
        rows = rows_on(server, 8, PERIOD)
        beat, _worker = site.start("enqueue"), site.start_worker()
        wait_until_checked(rows)
        site.stack.close()
        time.sleep(PERIOD)  # rows are due, and cannot be enqueued
        site.start_redis()
        # A worker of RQ ends if Redis is away while it has a task.
        wait_until_checked(rows, since=time.time(), meanwhile=site.restart)
        assert beat in site.running
