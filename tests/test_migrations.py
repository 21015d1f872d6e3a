"""Migrations, there and back."""

from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from registries.models import Registry
from tests.factories import create


def steps() -> list[str]:
    """The app's migrations in order, after "zero"."""
    loader = MigrationLoader(connection)
    leaf = loader.graph.leaf_nodes("registries")[0]
    plan = loader.graph.forwards_plan(leaf)
    return ["zero", *(name for app, name in plan if app == "registries")]


def migrate(step: str = "") -> None:
    call_command("migrate", "registries", *filter(None, [step]), verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_every_migration_can_be_undone_and_done_again() -> None:
    """#64: rows that a step backward keeps are readable after it; the default rows come back."""
    row = create("custom", password="canary")
    try:
        for before, name in reversed(list(pairwise(steps()))):
            migrate(before)
            migrate(name)
            migrate()
            if before != "zero":
                assert Registry.objects.get(pk=row.pk).password.reveal() == "canary"
    finally:
        migrate()
    assert set(Registry.objects.values_list("kind", flat=True)) == set(
        Registry.objects.filter(is_default=True).values_list("kind", flat=True)
    )
    assert Registry.objects.filter(is_default=True).count() == 5


@pytest.mark.django_db
def test_the_migrations_are_those_of_the_models() -> None:
    """#64: nothing is left for `makemigrations`."""
    call_command("makemigrations", "registries", check=True, dry_run=True, stdout=StringIO())
