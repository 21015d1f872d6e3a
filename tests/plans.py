"""How the database would find rows: its own words for what costs as much as there are rows."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from registries.models import Registry
from tests.factories import build

# What SQLite, PostgreSQL and MariaDB call it.
SORTING = re.compile("TEMP B-TREE|Sort|filesort")
# What SQLite and MariaDB, in its traditional table, say of rows that an index finds or counts.
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "mysql": "EXPLAIN FORMAT=TRADITIONAL"}


def sorts(rows: QuerySet[Any]) -> bool:
    """Whether rows are read and sorted before the first is handed out."""
    _count_rows()
    return bool(SORTING.search(rows.explain()))


@contextmanager
def sorting() -> Iterator[list[str]]:
    """Collects the queries that read and sort rows before the first is handed out."""
    _count_rows()
    found: list[str] = []

    def execute(run: Any, query: str, args: Any, many: bool, context: Any) -> Any:
        if query.startswith("SELECT") and " FROM " in query:
            run(f"{EXPLAIN.get(connection.vendor, 'EXPLAIN')} {query}", args, many, context)
            if SORTING.search(str(context["cursor"].fetchall())):
                found.append(query)
        return run(query, args, many, context)

    with connection.execute_wrapper(execute):
        yield found


def many_hosts(number: int) -> None:
    """So many rows that are due, each of a host of its own."""
    Registry.objects.bulk_create(
        build("custom", name_key=f"{n}", url=f"https://{n}.example", check_host=f"{n}.example")
        for n in range(number)
    )


def explain(query: str) -> str:
    """What SQLite or MariaDB says of a query in SQL."""
    with connection.cursor() as cursor:
        cursor.execute(f"{EXPLAIN[connection.vendor]} {query}")
        return str(cursor.fetchall())


def _count_rows() -> None:
    """Let the database look how many rows there are now, as it does by itself sooner or later."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE registries_registry")
    elif connection.vendor == "mysql":
        # MariaDB commits what is open on the connection that asks; another one sees its rows.
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("ANALYZE TABLE registries_registry")
                cursor.fetchall()
        finally:
            other.close()
