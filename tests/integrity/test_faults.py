"""The disk is full, the database goes away, registries lie: clean errors, and the rows stay."""

import itertools
import os
import re
import resource
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import pytest
from django.db import connection

from registries.models import Registry
from tests.client.transports import RawServer
from tests.factories import create
from tests.fakes.server import FakeServer, Reply, Request
from tests.integrity import processes as work
from tests.integrity.conftest import Processes, assert_sound, site_environment
from tests.site.conftest import Site

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def little_room() -> Iterator[tuple[int, Callable[[], None]]]:
    """The rows on a disk that is nearly full: how far files may grow, and what makes room.

    SQLite writes in the site's own processes, which a limit holds back. The others write in their
    servers: the rows move to a small disk of their own, most of which a file takes up.
    """
    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        # The log is there only while somebody is connected.
        files = [file for file in (Path(name), Path(f"{name}-wal")) if file.exists()]
        used = max(file.stat().st_size for file in files)
        yield used + 500_000, lambda: None
        return
    name = f"small_{secrets.token_hex(4)}"
    with small_disk() as disk, ON_DISK[connection.vendor](disk, name):
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - 500_000))
        try:
            yield resource.RLIM_INFINITY, ballast.unlink
        finally:
            ballast.unlink(missing_ok=True)


@contextmanager
def _tablespace(disk: Path, name: str) -> Iterator[None]:
    """PostgreSQL moves a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLESPACE {name} LOCATION '{disk}'")
        cursor.execute(f"ALTER TABLE registries_registry SET TABLESPACE {name}")
        yield
        cursor.execute("ALTER TABLE registries_registry SET TABLESPACE pg_default")
        cursor.execute(f"DROP TABLESPACE {name}")


@contextmanager
def _linked_database(disk: Path, name: str) -> Iterator[None]:
    """MariaDB keeps a database in a folder, which may be a link; the tables here are new ones."""
    tables, usual = ("registries_registry", "registries_check"), connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        folder = data_directory() / name
        aside = folder.rename(folder.with_name(f"{name}_aside"))
        folder.symlink_to(disk)
        for table in tables:
            cursor.execute(f"CREATE TABLE {name}.{table} LIKE {table}")
        cursor.execute(f"USE {name}")
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connection.settings_dict["NAME"] = usual
            cursor.execute(f"USE {usual}")
            cursor.execute(f"DROP TABLE {', '.join(f'{name}.{table}' for table in tables)}")
            folder.unlink()
            aside.rename(folder)
            cursor.execute(f"DROP DATABASE {name}")


ON_DISK = {"postgresql": _tablespace, "mysql": _linked_database}


def data_directory() -> Path:
    """Where the database server keeps its files."""
    query = {"postgresql": "SHOW data_directory", "mysql": "SELECT @@datadir"}
    with connection.cursor() as cursor:
        cursor.execute(query[connection.vendor])
        return Path(cursor.fetchone()[0])


@contextmanager
def small_disk() -> Iterator[Path]:
    """A disk of eight mebibytes that belongs to the user of the database server."""
    data = data_directory()
    if not data.is_dir():
        leave_out("the database server is on another machine, and no disk can be mounted there")
    with mounted(f"size=8m,mode=0700,uid={data.stat().st_uid}") as disk:
        yield disk


@contextmanager
def mounted(options: str) -> Iterator[Path]:
    """A disk in memory."""
    with TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
            leave_out("only root can mount a disk, and not everywhere")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def leave_out(reason: str) -> NoReturn:
    """Skip the test; with REQUIRE_REAL=1 fail it instead."""
    (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)


def assert_whole(row: Registry) -> str:
    """The login and the password of a row are of one save; its number."""
    number = (row.login or "").removeprefix("login-")
    assert row.password.reveal() == f"password-{number}"
    return number


def test_a_full_disk(processes: Processes) -> None:
    """#52: the write that finds no room fails with the database's own error, the rows stay.

    Once there is room the same process goes on.
    """
    queue, is_there_room = processes.context.SimpleQueue(), processes.event()
    with little_room() as (limit, make_room):
        row = create("hub", login="login-0", password="password-0")
        database = str(connection.settings_dict["NAME"])
        saving = processes.start(work.fill_the_disk, row.pk, database, limit, queue, is_there_room)
        number, output = queue.get()
        expected = r"could not extend file|disk I/O error|database or disk is full|table .* is full"
        assert re.search(expected, output), output
        assert number > 1
        added = Registry.objects.filter(name__startswith="Row ")
        stored = [str(n) for n in range(1, number)]
        assert [assert_whole(row) for row in added.order_by("pk")] == stored
        assert assert_whole(Registry.objects.get(pk=row.pk)) in {str(number - 1), str(number)}
        assert_sound()
        make_room()
        is_there_room.set()
        saving.join()
        assert saving.exitcode == 0
        assert assert_whole(Registry.objects.get(pk=row.pk)) == str(number)
        assert assert_whole(added.latest("pk")) == str(number)
        assert added.count() == number
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
    if connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER USER {name} ACCOUNT LOCK")
            cursor.execute(f"KILL USER {name}")
            yield
            cursor.execute(f"ALTER USER {name} ACCOUNT UNLOCK")
        return
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
    returned, output = site.manage("migrate", "--verbosity", "0", **variables)
    assert returned == 0, output
    login = {"path": "/admin/login/", "X_Forwarded_Proto": "https"}
    with site.served(**variables, DJANGO_BEHIND_PROXY="1") as visitor:
        assert visitor.see("/healthz").status_code == 200
        with gone(new_database):
            assert visitor.see("/healthz").status_code == 503
        assert visitor.see("/healthz").status_code == 200
        assert visitor.see(**login).status_code == 200


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the site's own file is SQLite")
def test_a_disk_that_becomes_read_only() -> None:
    """#52: the site says so instead of waiting, and goes on once the disk can be written again."""
    with mounted("size=32m") as disk:
        site = Site(disk / "data")
        site.migrate()
        with site.served(DJANGO_DEBUG="1") as visitor:
            seen = {}
            for way in ("rw", "ro", "rw"):
                subprocess.run(["mount", "-o", f"remount,{way}", str(disk)], check=True)
                paths = ("/healthz", "/admin/login/")
                seen[way] = [visitor.see(path).status_code for path in paths]
                if way == "ro":
                    form = {"username": "ann", "password": "wrong"}
                    form["csrfmiddlewaretoken"] = visitor.cookies["csrftoken"]
                    url = f"{visitor.origin}/admin/login/"
                    assert visitor.post(url, form, timeout=30).status_code == 500
            assert seen == {"ro": [503, 200], "rw": [200, 200]}


# Saves one row after the other, and leaves the log as a machine does that loses its power.
SAVE_AND_DIE = """
import os
import signal
from django.db import connection
from registries.models import Registry
connection.cursor().execute("PRAGMA wal_autocheckpoint=0")  # or the log begins anew meanwhile
for number in range(30):
    Registry.objects.create(kind="hub", name=f"{number}", login=f"login-{number}", password="x")
for row in Registry.objects.filter(has_secrets=True):
    row.password = row.login.replace("login", "password")
    row.login += "!"
    row.save()
os.kill(os.getpid(), signal.SIGKILL)
"""
LOOK = """
from django.db import connection
from registries.models import Registry
with connection.cursor() as cursor:
    assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
rows = Registry.objects.filter(has_secrets=True)
told = [(row.login, row.password.reveal()) for row in rows]
whole = [(login, text) for login, text in told if (text == "x") is not login.endswith("!")]
print(len(told), len(whole), sum(text != "x" for _login, text in told))
"""


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the log of SQLite is tried")
def test_a_log_that_was_cut_off(tmp_path: Path) -> None:
    """#52: the last saves are gone, and each of the others is whole."""
    site = Site(tmp_path / "data")
    site.migrate()
    assert site.manage("shell", "--no-imports", "--command", SAVE_AND_DIE)[0] == -signal.SIGKILL
    length = site.database.with_name("db.sqlite3-wal").stat().st_size
    expected = []
    for number, cut in enumerate([0, 1, length // 5, length // 2]):
        copy = Site(tmp_path / f"copy-{number}")
        shutil.copytree(site.data, copy.data)
        copy.database.with_name("db.sqlite3-shm").unlink()
        os.truncate(copy.database.with_name("db.sqlite3-wal"), length - cut)
        rows, whole, saved = map(int, copy.shell(LOOK).split())
        assert rows == whole
        expected.append((rows, saved))
    assert expected == sorted(expected, reverse=True)
    assert expected[:2] == [(30, 30), (30, 29)]
    assert expected[2] > expected[3]


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
        queue = processes.context.SimpleQueue()
        checking = processes.start(work.check_all, queue)
        checking.join()
        assert checking.exitcode == 0
        result, grown = queue.get()
    assert len(result) == len(expected) >= 50
    wrong = {pk: (code, expected[pk]) for pk, code in result.items() if code not in expected[pk]}
    assert not wrong
    assert grown < 100 * 1024, "KiB"
    assert Registry.objects.filter(check_code="").count() == Registry.objects.anonymous().count()
