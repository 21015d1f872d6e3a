"""The journal of a SQLite database."""

import time
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

PAUSE = 0.02
"""Seconds between two attempts."""
ATTEMPTS = 500


def use_write_ahead_log(*, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Let readers and a writer work at the same time. Receives `connection_created`.

    Where another process opens the new file at the same moment, SQLite answers "database is
    locked" at once, whatever its timeout is: it waits for no lock while it changes the journal.
    The file remembers the journal, so this is done once in its life.

    Raises OperationalError if the file stays locked for ten seconds, and at once on any other
    error, such as that of a disk that cannot be written.
    """
    if connection.vendor != "sqlite":
        return
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")
        except OperationalError as error:
            if attempt == ATTEMPTS or "locked" not in str(error):
                raise
            time.sleep(PAUSE)
        else:
            return
