"""A site whose registries have a database of their own, read through a copy that refuses writes.

Every request is wrapped in transactions.
"""

from typing import Any

from tests.settings import *  # noqa: F403 - the foreign site as it is

SQLITE = {"ENGINE": "django.db.backends.sqlite3", "ATOMIC_REQUESTS": True}
DATABASES = {
    "default": {**SQLITE, "NAME": "default.sqlite3"},
    "main": {**SQLITE, "NAME": "main.sqlite3"},
    "copy": {**SQLITE, "NAME": "file:main.sqlite3?mode=ro", "OPTIONS": {"uri": True}},
}


class Router:
    """Registries, and what refers to them, are written to `main` and read from `copy`."""

    APPS = frozenset({"registries", "neighbour"})

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "copy" if model._meta.app_label in self.APPS else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "main" if model._meta.app_label in self.APPS else None

    def allow_relation(self, *objects: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == ("main" if app_label in self.APPS else "default")


DATABASE_ROUTERS = [f"{__name__}.Router"]
