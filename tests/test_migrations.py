"""Migrations, there and back."""

from collections.abc import Iterable
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations import (
    AlterField,
    AlterModelManagers,
    AlterModelOptions,
    RunPython,
    RunSQL,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import TextField

from registries.migrations._repeatable import AddMissingField, AddMissingIndex
from registries.models import Check, Registry
from registries.models.fields import SecretField
from registries.secrets.sealing import Secret
from tests.factories import create


def steps(loader: MigrationLoader) -> list[str]:
    """The app's migrations in order, after "zero"."""
    leaf = loader.graph.leaf_nodes("registries")[0]
    plan = loader.graph.forwards_plan(leaf)
    return ["zero", *(name for app, name in plan if app == "registries")]


def migrate(*step: str) -> None:
    """To a migration of the app; without one everything, what refers to registries as well."""
    call_command("migrate", *(("registries", *step) if step else ()), verbosity=0)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_migration_can_be_undone_and_done_again() -> None:
    """#64: rows that a step backward keeps are readable after it; the default rows come back."""
    row = create("custom", password="canary")
    for registry in (row, None):
        Check.objects.create(registry=registry, verdict="valid", checked_at=row.created_at)
    try:
        zero, first, *_others = steps(MigrationLoader(connection))
        migrate(first)
        migrate()
        assert Registry.objects.get(pk=row.pk).password.reveal() == "canary"
        migrate(zero)
    finally:
        migrate()
    assert set(Registry.objects.values_list("kind", flat=True)) == set(
        Registry.objects.filter(is_default=True).values_list("kind", flat=True)
    )
    assert Registry.objects.filter(is_default=True).count() == 5


@pytest.mark.django_db(transaction=True)
def test_of_several_default_rows_of_a_kind_one_stays_and_none_is_lost() -> None:
    """MariaDB kept no constraint until 0005: the row with credentials stays the default."""
    if connection.vendor != "mysql":
        pytest.skip("SQLite and PostgreSQL never let a second default row stand")
    try:
        migrate("0002")
        model = MigrationLoader(connection).project_state(("registries", "0002_lists")).apps
        rows = model.get_model("registries", "Registry").objects
        rows.create(kind="hub", name="Second", name_key="second", is_default=True)
        rows.filter(name="Second").update(token=Secret("sealed"))
        rows.create(kind="hub", name="Third", name_key="third", is_default=True)
        assert rows.filter(is_default=True).count() == 7
    finally:
        migrate()
    hubs = Registry.objects.filter(kind="hub").order_by("pk")
    assert list(hubs.values_list("name", "is_default")) == [
        ("Docker Hub", False),
        ("Second", True),
        ("Third", False),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        hubs.update(is_default=True)


# MariaDB keeps what a migration did before it failed. These steps can be done again, or do nothing.
REPEATABLE = (
    *(AlterField, AlterModelOptions, AlterModelManagers, RunPython, RunSQL),
    *(AddMissingField, AddMissingIndex),
)
EMPTY_ON_MARIADB = {"0005_one_default_a_kind", "0007_longest_unchecked_first"}


def test_a_migration_that_failed_can_be_run_again() -> None:
    """Of the steps that cannot be repeated a migration has one, at its end.

    The first two are of before MariaDB: a new database is made again when they fail.
    """
    loader = MigrationLoader(None)
    for name in steps(loader)[3:]:
        operations = loader.get_migration("registries", name).operations
        if name in EMPTY_ON_MARIADB:  # it has neither the constraint nor the index to take away
            operations = operations[1:]
        assert all(isinstance(operation, REPEATABLE) for operation in operations[:-1]), name


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_migration_that_fails_at_its_end_is_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """On every database, whether it has taken back what the migration did or not."""
    row = create("custom", password="canary")
    try:
        names = steps(MigrationLoader(connection))[2:]
        migrate(names[0])
        for name in names[1:]:
            last = MigrationLoader(None).get_migration("registries", name).operations[-1]
            with monkeypatch.context() as patched:
                patched.setattr(type(last), "database_forwards", _fail)
                with pytest.raises(ZeroDivisionError):
                    migrate(name)
            migrate(name)
        migrate()
        assert Registry.objects.get(pk=row.pk).password.reveal() == "canary"
    finally:
        migrate()


def _fail(*_about: object) -> None:
    raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_columns_and_indexes_that_are_there_are_not_added_again() -> None:
    """As where MariaDB kept the first steps of a migration that failed."""
    loader = MigrationLoader(connection)
    before = loader.project_state(("registries", "0008_stranger"))
    operations = loader.get_migration("registries", "0009_audit").operations
    repeated = [item for item in operations if isinstance(item, AddMissingField | AddMissingIndex)]
    assert len(repeated) > 10
    with connection.schema_editor() as editor:
        for operation in operations:
            after = before.clone()
            operation.state_forwards("registries", after)
            if operation in repeated:
                operation.database_forwards("registries", editor, before, after)
            before = after


@pytest.mark.django_db
def test_the_migrations_are_those_of_the_models() -> None:
    """#64: nothing is left for `makemigrations`."""
    call_command("makemigrations", "registries", check=True, dry_run=True, stdout=StringIO())


def test_an_earlier_version_adds_rows_beside_this_one() -> None:
    """#104: what it does not know it leaves out, so the database knows what stands there."""
    loader = MigrationLoader(None)
    known = loader.project_state(("registries", steps(loader)[2]))
    now = loader.project_state()
    for name in ("registry", "check"):
        earlier, fields = known.models["registries", name].fields, now.models["registries", name]
        left_out = [field for item, field in fields.fields.items() if item not in earlier]
        assert left_out
        for field in left_out:
            is_known = field.null or field.generated or field.has_db_default()
            assert is_known, field.name


def turned_into_secrets(before: ProjectState, operations: Iterable[Operation]) -> list[str]:
    """The columns that held text in clear and hold secrets once they are altered."""
    return [
        operation.name
        for operation in operations
        if isinstance(operation, AlterField)
        and isinstance(operation.field, SecretField)
        and not isinstance(
            before.models["registries", operation.model_name_lower].get_field(operation.name),
            SecretField,
        )
    ]


def test_no_column_becomes_secret_by_being_altered() -> None:
    """#64: what it held would stay in clear; a migration adds a column and seals into it."""
    loader = MigrationLoader(None)
    for before, name in pairwise(steps(loader)):
        nodes = [] if before == "zero" else [("registries", before)]
        operations = loader.get_migration("registries", name).operations
        assert turned_into_secrets(loader.project_state(nodes), operations) == []
    now = loader.project_state()
    altered = [AlterField("registry", name, SecretField()) for name in ("prefix", "password")]
    assert turned_into_secrets(now, [*altered, AlterField("registry", "login", TextField())]) == [
        "prefix"
    ]
