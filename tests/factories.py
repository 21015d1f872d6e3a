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
