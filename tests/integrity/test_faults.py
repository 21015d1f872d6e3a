"""The disk is full, the database goes away, registries lie: clean errors, and the rows stay."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.db import connection

from registries.models import Registry
from tests.client.transports import RawServer
from tests.factories import create
from tests.fakes.server import FakeServer, Reply, Request
from tests.integrity import processes as work
from tests.integrity.conftest import Processes, assert_sound, site_environment
from tests.site.conftest import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_full_disk(processes: Processes) -> None:
    """#52: the write that finds no room fails with the database's own error, the rows stay."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's disk is its server's: a limit on the site does not fill it")
    row = create("hub", login="login-0", password="password-0")
    told = processes.context.SimpleQueue()
    file = Path(connection.settings_dict["NAME"])
    room = max(file.stat().st_size, Path(f"{file}-wal").stat().st_size) + 200_000
    saving = processes.start(work.fill_the_disk, row.pk, room, told)
    saving.join()
    assert saving.exitcode == 0
    assert told.get() in {"disk I/O error", "database or disk is full"}
    found = Registry.objects.get(pk=row.pk)
    assert found.login
    assert found.login.partition("-")[2] == found.password.reveal().partition("-")[2] != "0"
    assert_sound()


@contextmanager
def gone(url: str) -> Iterator[None]:
    """The database of the URL is away meanwhile."""
    if connection.vendor == "sqlite":
        file = Path(url.removeprefix("sqlite:///"))
        away = file.rename(file.with_suffix(".away"))
        file.mkdir()
        yield
        file.rmdir()
        away.rename(file)
        return
    name = url.rpartition("/")[2]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        cursor.execute(end, [name])
        yield
        cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_the_database_goes_away_and_comes_back(new_database: str, tmp_path: Path) -> None:
    """#52: the site says so meanwhile, and works again without a restart."""
    site = Site(tmp_path)
    variables = {**site_environment(), "DATABASE_URL": new_database}
    returned, said = site.manage("migrate", "--verbosity", "0", **variables)
    assert returned == 0, said
    login = {"path": "/admin/login/", "X_Forwarded_Proto": "https"}
    with site.served(**variables, DJANGO_BEHIND_PROXY="1") as visitor:
        assert visitor.see("/healthz").status_code == 200
        with gone(new_database):
            assert visitor.see("/healthz").status_code == 503
        assert visitor.see("/healthz").status_code == 200
        assert visitor.see(**login).status_code == 200


# Registries that fail


def endless(_request: Request) -> Reply:
    return Reply(200, itertools.repeat(b"x" * 65536))


def huge_challenge(_request: Request) -> Reply:
    return Reply(401, b"{}", {"WWW-Authenticate": "Bearer " + "x=y," * 8000})


def deep(_request: Request) -> Reply:
    return Reply(401, b"[" * 500_000, {"WWW-Authenticate": "Negotiate"})


def broken(_request: Request) -> Reply:
    return Reply(500, b"x" * 5_000_000)


def paused(_request: Request) -> Reply:
    return Reply(429, b"", {"Retry-After": "99999999999999999999"})


def slow(_request: Request) -> Reply:
    def body() -> Iterator[bytes]:
        for _ in range(60):
            time.sleep(0.1)
            yield b" "

    return Reply(200, body())


FAULTS: list[tuple[Callable[[Request], Reply], set[str]]] = [
    (endless, {"too_large", "timeout"}),
    (huge_challenge, {"bad_answer", "not_a_registry", "unsupported_scheme", "too_large"}),
    (deep, {"unsupported_scheme", "not_a_registry"}),
    (broken, {"server_error", "too_large"}),
    (paused, {"rate_limited"}),
    (slow, {"timeout"}),
]


def test_fifty_failing_registries_at_once(processes: Processes) -> None:
    """#40 to #44 under load: each gets its verdict in time, and memory stays bounded."""
    expected = {}
    with ExitStack() as stack:
        for handler, codes in FAULTS:
            server = stack.enter_context(FakeServer(handler))
            for _ in range(50 // len(FAULTS) + 1):
                expected[create("custom", url=server.origin).pk] = codes
        resetting = stack.enter_context(RawServer(lambda _connection: None))
        for _ in range(8):
            expected[create("custom", url=resetting.origin).pk] = {"connection"}
        told = processes.context.SimpleQueue()
        started = time.monotonic()
        checking = processes.start(work.check_all, told)
        checking.join()
        taken = time.monotonic() - started
        assert checking.exitcode == 0
        found, grown = told.get()
    assert len(found) == len(expected) >= 50
    wrong = {pk: (code, expected[pk]) for pk, code in found.items() if code not in expected[pk]}
    assert not wrong
    assert grown < 100 * 1024, "KiB"
    # Two seconds each, CHECK_WORKERS at a time.
    assert taken < 2 * len(expected) / 16 + 20
    assert Registry.objects.filter(check_code="").count() == Registry.objects.anonymous().count()
