"""Files of registries that are applied by processes which are killed, or by several at once."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from registries.models import Registry, SourceChange
from tests.integrity import processes as work
from tests.integrity.conftest import Processes, assert_sound

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 12
Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file in which all rows have this login; return its path."""

    def write(login: str) -> str:
        rows = [
            {
                "name": f"Row {number}",
                "kind": "hub",
                "set": {"login": login},
                "secrets": {"password": {"env": "REGISTRIES_SECRET_X"}},
            }
            for number in range(ROWS)
        ]
        path = tmp_path / f"{login}.yaml"
        path.write_text(json.dumps({"version": 1, "source": "team", "registries": rows}))
        return str(path)

    return write


def logins() -> set[tuple[str | None, str]]:
    """The logins and passwords of the source's rows, all of which are there or none."""
    rows = list(Registry.objects.filter(source="team"))
    assert len(rows) in {0, ROWS}
    return {(row.login, row.password.reveal()) for row in rows}


@pytest.mark.parametrize(("before", "after", "kills"), [("", "old", 12), ("old", "new", 13)])
def test_killed_while_applying(
    processes: Processes, write: Write, before: str, after: str, kills: int
) -> None:
    """#78: 25 times, before statements from the first to the last one: all or nothing."""
    counts = processes.context.SimpleQueue()

    def apply(login: str, fatal: int | None = None) -> int | None:
        applying = processes.start(work.apply, write(login), counts, fatal)
        applying.join()
        return applying.exitcode

    def start_again() -> None:
        Registry.objects.filter(source="team").delete()
        SourceChange.objects.all().delete()
        if before:
            assert apply(before) == 0
            counts.get()

    start_again()
    assert apply(after) == 0
    last = counts.get()
    start_again()
    as_before, changes = logins(), SourceChange.objects.count()
    for number in range(kills):
        assert apply(after, fatal=1 + number * (last - 1) // (kills - 1)) == -signal.SIGKILL
        assert logins() == as_before
        assert SourceChange.objects.count() == changes
    assert_sound()
    assert apply(after) == 0, "nobody who was killed holds a lock"
    assert logins() == {(after, "fake-password")}


def test_several_at_once_take_turns(processes: Processes, write: Write) -> None:
    """None fails, and in the end all rows are one file's."""
    counts = processes.context.SimpleQueue()
    started = [processes.start(work.apply, write(f"login-{n}"), counts) for n in range(4)]
    for process in started:
        process.join()
        assert process.exitcode == 0
    assert len(logins()) == 1
    assert SourceChange.objects.count() % ROWS == 0
