"""The system checks of a database: what MariaDB does otherwise is said when the site migrates."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)

NAME_KEY = "ALTER TABLE registries_registry MODIFY name_key varchar(255)"


def ids() -> list[str | None]:
    """What `check --database default` and `migrate` say of the app."""
    result = run_checks(tags=["database"], databases=["default"])
    return [item.id for item in result if str(item.id).startswith("registries.")]


@pytest.fixture
def mariadb() -> None:
    if connection.vendor != "mysql":
        pytest.skip("these are MariaDB's alone; `make test-mariadb` runs them")


@pytest.fixture
def execute(mariadb: None) -> Iterator[Callable[[str], Any]]:
    with connection.cursor() as cursor:
        yield cursor.execute


def test_the_tests_own_database_has_no_fault() -> None:
    assert ids() == []


def test_a_collation_that_was_changed_is_reported(execute: Callable[[str], Any]) -> None:
    """As after `ALTER TABLE … CONVERT TO CHARACTER SET`, which changes every column."""
    execute(f"{NAME_KEY} COLLATE utf8mb4_general_ci NOT NULL")
    try:
        assert ids() == ["registries.W011"]
    finally:
        execute(f"{NAME_KEY} COLLATE utf8mb4_bin NOT NULL")
    assert ids() == []


def test_a_character_set_that_lacks_characters_is_reported(execute: Callable[[str], Any]) -> None:
    """A new database, and one whose tables were made under it."""
    name, usual = f"old_{secrets.token_hex(4)}", connection.settings_dict["NAME"]
    execute(f"CREATE DATABASE {name} CHARACTER SET latin1")
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        assert ids() == ["registries.W010"]
        call_command("migrate", verbosity=0)
        assert ids() == ["registries.W010"], "and its names are compared as elsewhere"
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


@pytest.mark.parametrize(
    ("feature", "ident"),
    [
        ("supports_transactions", "registries.W012"),
        ("supports_index_column_ordering", "registries.W013"),
    ],
)
def test_what_an_engine_or_an_old_version_lacks_is_reported(
    feature: str, ident: str, mariadb: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection.features, feature, False)
    assert ids() == [ident]


def test_a_database_of_other_apps_is_none_of_ours(
    execute: Callable[[str], Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is any asked by `check` alone."""
    monkeypatch.setattr(connection.features, "supports_transactions", False)
    assert ids() == ["registries.W012"]
    assert run_checks() == []
    settings.DATABASE_ROUTERS = ["tests.test_databases.Elsewhere"]
    assert ids() == []


class Elsewhere:
    """A router that keeps the app out of every database."""

    def allow_migrate(self, _database: str, app_label: str, **_hints: Any) -> bool:
        return app_label != "registries"
