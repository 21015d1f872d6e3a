"""The default rows: how one that is missing is added."""

from typing import TYPE_CHECKING

from django.db import OperationalError, connections

from registries.models import names
from registries.models.conflicts import CONFLICT, codes_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from registries.models.registry import Registry

# How many names are tried, and how often a row is added that others add at the same time.
NAME_TRIES = 20
TRIES = 5


def ensure(model: "type[Registry]", using: str, slug: str, name: str) -> None:
    """Add the default row of a kind unless it is there. If the name is taken, append a number."""
    rows = model._base_manager.using(using)
    for number in range(1, NAME_TRIES):
        if rows.filter(kind=slug, is_default=True).exists():
            return
        numbered = name if number == 1 else f"{name} ({number})"
        row = model(kind=slug, name=numbered, name_key=names.key(numbered), is_default=True)
        _insert(rows, row)


def _insert(rows: "QuerySet[Registry]", row: "Registry") -> None:
    """Add a row. Conflicts with another process or a taken name are ignored."""
    for left in reversed(range(TRIES)):
        try:
            rows.bulk_create([row], ignore_conflicts=True)
        except OperationalError as error:
            # It undoes the whole transaction, which only its owner can begin anew.
            may_begin = left and not connections[rows.db].in_atomic_block
            if not (may_begin and codes_of(error) & CONFLICT):
                raise
        else:
            return
