"""Where each app's tables are."""

from typing import Any


class Router:
    """The registries in the database `vault`, all else in the other one."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "vault" if model._meta.app_label == "registries" else None

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        return None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return (db == "vault") == (app_label == "registries")


def prepare(visit: Any, person: Any) -> None:
    """Make the tables of the second database, as a deployment does."""
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", database="vault", verbosity=0)
    visit.seen["tables"] = {
        alias: any(
            "registries_" in table for table in connections[alias].introspection.table_names()
        )
        for alias in ("default", "vault")
    }
