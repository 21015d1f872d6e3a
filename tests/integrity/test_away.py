"""`run_checks` in two processes, while PostgreSQL or Redis is stopped and started again."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import forking
from tests.fakes.server import FakeServer, Reply, Request
from tests.integrity.conftest import database_url
from tests.integrity.postgres import Postgres, needed
from tests.site import redis

PROCESS = str(Path(__file__).with_name("queue_process.py"))
ROWS = 8
ADD_ROWS = """
from registries.models import Registry
Registry.objects.update(check_every=0, next_check=None)
for number in range({count}):
    account = {{"login": f"row-{{number}}", "password": "fake-password"}}
    Registry(kind="custom", name=f"Row {{number}}", url="{origin}", **account).save()
Registry.objects.filter(kind="custom").update(check_every=1)
"""


class Registry:
    """A registry with tokens that remembers when each account was checked."""

    def __init__(self) -> None:
        self.asked: dict[str, float] = {}

    def __call__(self, request: Request) -> Reply:
        if request.basic is None:
            realm = f'Bearer realm="http://{request.headers["Host"]}/token",service="fake"'
            return Reply(401, b"{}", {"WWW-Authenticate": realm})
        if request.basic[1] != "fake-password":
            return Reply(401, b"{}")
        self.asked[request.basic[0]] = time.monotonic()
        token = {"token": secrets.token_hex(16), "expires_in": 60}
        return Reply(200, json.dumps(token).encode())

    def wait(self) -> None:
        """Wait until all accounts were checked from now on."""
        start = time.monotonic()
        while len([at for at in self.asked.values() if at >= start]) < ROWS:
            assert time.monotonic() < start + 60, "some were never checked"
            time.sleep(0.05)


def manage(environment: dict[str, str], *command: str) -> None:
    status, output = forking.run([PROCESS, *command], environment)
    assert status == 0, output


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def run(registry: Registry) -> Iterator[Callable[..., list[forking.Python]]]:
    """Make the rows in a database that has the tables, and start two processes that check them."""
    with FakeServer(registry) as server, ExitStack() as stack:

        def run(url: str, **variables: str) -> list[forking.Python]:
            environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, **variables}
            code = ADD_ROWS.format(count=ROWS, origin=server.origin)
            manage(environment, "shell", "--command", code)
            processes = [forking.Python([PROCESS, "run_checks"], environment) for _ in range(2)]
            for process in processes:
                stack.callback(process.__exit__)
                stack.callback(process.terminate)
            registry.wait()
            return processes

        yield run


def end(processes: list[forking.Python]) -> list[str]:
    """End the processes, and return their logs."""
    for process in processes:
        process.terminate()
    logs = [process.stdout.read() for process in processes]
    assert [process.wait(30) for process in processes] == [0, 0]
    return logs


def test_postgresql_is_stopped_and_started(
    run: Callable[..., list[forking.Python]], registry: Registry
) -> None:
    needed()
    with Postgres() as server:
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": server.url}
        manage(environment, "migrate", "--verbosity", "0")
        processes = run(server.url)
        server.stop()
        time.sleep(2)  # longer than the first attempts
        server.start()
        registry.wait()
        for log in end(processes):
            assert "The database does not answer" in log
            assert "The database answers again" in log
            assert "Traceback" not in log


@pytest.mark.django_db(transaction=True)
def test_redis_is_stopped_and_started(
    run: Callable[..., list[forking.Python]], registry: Registry, tmp_path: Path
) -> None:
    """Tokens are shared through it; without it they are fetched anew, and checks go on."""
    redis.needed()
    with ExitStack() as stack:
        url, _client = stack.enter_context(redis.running(tmp_path))
        processes = run(database_url(), CACHE_URL=url)
        stack.close()
        registry.wait()
        stack.enter_context(redis.running(tmp_path, int(url.rpartition(":")[2])))
        registry.wait()
        for log in end(processes):
            assert "Traceback" not in log
