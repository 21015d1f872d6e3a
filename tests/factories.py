"""Rows of every kind, complete and valid, with values that are obviously fake."""

from itertools import count
from typing import Any

from registries.models import Registry
from tests.kinds.facts import FACTS
from tests.pem import pem

_numbers = count(1)

PEM = pem()

# Complete rows with credentials, one of each kind.
SAMPLES = {slug: dict(facts.sample) for slug, facts in FACTS.items()}


def build(slug: str, **columns: Any) -> Registry:
    """An unsaved row of a kind; `columns` replace the sample's, None takes one away."""
    columns.setdefault("name", f"{slug} {next(_numbers)}")
    return Registry(kind=slug, **{**SAMPLES[slug], **columns})


def create(slug: str, **columns: Any) -> Registry:
    """A saved row of a kind, checked by its rules first."""
    row = build(slug, **columns)
    row.full_clean()
    row.save()
    return row


def loaded(row: Registry) -> Registry:
    """The row as the database has it now."""
    return Registry.objects.get(pk=row.pk)


def with_values(row: Registry, values: dict[str, Any]) -> Registry:
    """The same row with these columns, not saved."""
    for name, value in values.items():
        setattr(row, name, value)
    return row
