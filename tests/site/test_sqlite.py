"""The journal of a SQLite database, whose file several processes may open anew at once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from ssmsite import sqlite

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[BaseDatabaseWrapper]:
    """One to a new file, which waits for no lock."""
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": tmp_path / "new.sqlite3",
        "OPTIONS": {"timeout": 0},
    }
    with closing(ConnectionHandler({"default": database})["default"]) as connection:
        yield connection


@pytest.fixture
def other(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A process that writes into the file."""
    other = sqlite3.connect(tmp_path / "new.sqlite3", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


def test_the_journal_is_changed_once_the_file_is_free(
    connection: BaseDatabaseWrapper, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            other.execute("ROLLBACK")

    monkeypatch.setattr(sqlite.time, "sleep", sleep)
    sqlite.use_write_ahead_log(connection=connection)
    assert pauses == [sqlite.PAUSE] * 3
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.usefixtures("other")
def test_a_file_that_stays_locked_is_an_error(
    connection: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(sqlite.time, "sleep", pauses.append)
    with pytest.raises(OperationalError, match="locked"):
        sqlite.use_write_ahead_log(connection=connection)
    assert len(pauses) == sqlite.ATTEMPTS - 1


def test_a_file_that_cannot_be_written_is_an_error_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No attempt later would end otherwise."""
    monkeypatch.setattr(sqlite.time, "sleep", lambda _seconds: pytest.fail("it waited"))
    file = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(file)) as old:
        old.execute("CREATE TABLE t (id)")
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": f"file:{file}?mode=ro",
        "OPTIONS": {"uri": True},
    }
    with (
        closing(ConnectionHandler({"default": database})["default"]) as connection,
        pytest.raises(OperationalError, match="readonly"),
    ):
        sqlite.use_write_ahead_log(connection=connection)
