"""The command `migrate`, with a lock."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper as Sqlite

# The number of the advisory lock in PostgreSQL; any fixed number will do.
LOCK = 7_412_063
DAY = 24 * 60 * 60


class Command(Migrate):
    """Run `migrate` in one process at a time, so that instances can start together."""

    def handle(self, *args: Any, **options: Any) -> None:
        with turn(connections[options["database"]]):
            super().handle(*args, **options)


@contextmanager
def turn(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold a lock that no other process that migrates this database can have."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    elif connection.vendor == "mysql":
        # Changing a large table and waiting for the lock may take longer than this timeout.
        if connection.connection is None:
            connection.settings_dict["OPTIONS"].pop("read_timeout", None)
        # The names of locks are global to the server.
        name = sha256(f"migrate {connection.settings_dict['NAME']}".encode()).hexdigest()
        with connection.cursor() as cursor:
            cursor.execute("SELECT GET_LOCK(%s, %s)", [name, DAY])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT RELEASE_LOCK(%s)", [name])
    elif isinstance(connection, Sqlite) and not connection.is_in_memory_db():
        with Path(f"{connection.settings_dict['NAME']}.migrate").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    else:
        yield  # a database in memory, which no other process sees
