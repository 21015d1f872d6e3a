"""A site that did the five steps of docs/install.md alone, on each database of the tests."""

import json
from pathlib import Path

import pytest
from django.db import connection

from tests import forking
from tests.fakes.server import FakeServer, Reply, Request

DRIVERS = {"sqlite": ["sqlite3"], "postgresql": ["psycopg"], "mysql": ["MySQLdb", "pymysql"]}


def registry(request: Request) -> Reply:
    """Knows johndoe alone."""
    if request.basic == ("johndoe", "fake-password"):
        return Reply(200, b"{}", {"Docker-Distribution-Api-Version": "registry/2.0"})
    return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="fake"'})


@pytest.mark.parametrize("number", [0, 1])
def test_a_plain_site(number: int, new_database: str) -> None:
    """It migrates, keeps rows, finds them, checks them, and has nothing to be warned of."""
    drivers = DRIVERS[connection.vendor]
    if number >= len(drivers):
        pytest.skip(f"{connection.vendor} has one driver")
    with FakeServer(registry) as server:
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
