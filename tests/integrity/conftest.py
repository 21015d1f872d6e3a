"""Processes that work on the tests' own database, and what the database really holds."""

import multiprocessing
import multiprocessing.forkserver
import os
import re
import secrets
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection

from registries.models import Registry

ROOT = Path(__file__).resolve().parents[2]
# What makes a database a user's own.
GIVE = {
    "postgresql": "ALTER DATABASE {name} OWNER TO {name}",
    "mysql": "GRANT ALL ON {name}.* TO {name}",
}


def database_url() -> str:
    """The tests' database as DATABASE_URL names it."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    host, port = connection.settings_dict["HOST"], connection.settings_dict["PORT"]
    return f"{connection.vendor}://{connection.settings_dict['USER']}@{host}:{port}/{name}"


def site_environment() -> dict[str, str]:
    """The environment of the site on the tests' database."""
    return {
        "DJANGO_SETTINGS_MODULE": "ssmsite.settings",
        "DATABASE_URL": database_url(),
        "DJANGO_SECRET_KEY": secrets.token_hex(32),
        "FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "REGISTRIES_TIMEOUT": "2",
    }


class Processes:
    """Starts the functions of processes.py as the site's processes, and ends what is left."""

    def __init__(self, context: ForkServerContext) -> None:
        self.context = context
        self._started: list[ForkServerProcess] = []

    def event(self) -> Any:
        return self.context.Event()

    def start(
        self, work: Callable[..., Any], *arguments: Any, keys: list[bytes] | None = None
    ) -> ForkServerProcess:
        from tests.integrity.processes import run

        keys = keys or [settings.FIELD_ENCRYPTION_KEY.encode()]
        process = self.context.Process(target=run, args=(work, keys, arguments))
        process.start()
        self._started.append(process)
        return process

    def kill_all(self) -> None:
        for process in self._started:
            process.kill()
            process.join()
            process.close()


@pytest.fixture(scope="session")
def _fork_server(django_db_setup: None) -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integrity.processes"])
    before = dict(os.environ)
    os.environ.update(site_environment())
    multiprocessing.forkserver.ensure_running()
    os.environ.clear()
    os.environ.update(before)
    return context


@pytest.fixture
def processes(_fork_server: ForkServerContext, transactional_db: None) -> Iterator[Processes]:
    processes = Processes(_fork_server)
    yield processes
    processes.kill_all()


@pytest.fixture
def new_database(tmp_path: Path, transactional_db: None) -> Iterator[str]:
    """The URL of an empty database of the kind that the tests run on, for a user of its own."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/new.sqlite3"
        return
    name = f"new_{secrets.token_hex(4)}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE USER {name}")
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(GIVE[connection.vendor].format(name=name))
        yield re.sub("//.*@(.*)/.*", rf"//{name}@\1/{name}", database_url())
        cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"DROP USER {name}")


def columns(pk: int, *names: str) -> dict[str, Any]:
    """Columns as the database holds them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM registries_registry WHERE id = %s", [pk])
        return dict(zip(names, cursor.fetchone(), strict=True))


def assert_sound() -> None:
    """The database's own word that nothing in it is broken, and that nobody holds a lock."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    elif connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute("CHECK TABLE registries_registry, registries_check")
            assert {text for _table, _check, _sort, text in cursor.fetchall()} == {"OK"}
    for row in Registry.objects.all():
        for name in row.provided():
            str(row.raw_value(name))
    Registry.objects.filter(pk=None).update(name="x")
