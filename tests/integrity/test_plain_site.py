"""A site that did the five steps of docs/install.md alone, on each database of the tests."""

import json
from pathlib import Path

import pytest
from django.db import connection

from tests import forking
from tests.fakes.gate import let_in
from tests.fakes.server import FakeServer

DRIVERS = {"sqlite": ["sqlite3"], "postgresql": ["psycopg"], "mysql": ["MySQLdb", "pymysql"]}


@pytest.mark.parametrize("number", [0, 1])
def test_a_plain_site(number: int, new_database: str) -> None:
    """It migrates, keeps rows, finds them, checks them, and has nothing to be warned of."""
    drivers = DRIVERS[connection.vendor]
    if number >= len(drivers):
        pytest.skip(f"{connection.vendor} has one driver")
    with FakeServer(let_in) as server:
        script = Path(__file__).with_name("plain_site.py")
        arguments = [str(script), drivers[number], new_database, server.origin]
        returned, output = forking.run(arguments, {})
    assert returned == 0, output
    assert json.loads(output) == {
        "checked": [],
        "default rows": 5,
        "added": [302, 302, 302, 200],
        "resolved": "Elan",
        "listed": ["Élan \N{WHALE}", "Élan", "Elan"],
        "verdicts": ["valid"] * 3,
        "found by verdict": 3,
        "revealed": "fake-password",
    }
