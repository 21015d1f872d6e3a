"""Every subset of every kind's variables, against facts that know nothing of the rules."""

from collections.abc import Iterator
from itertools import combinations

import jsonschema
import pytest

from registries.kinds import KINDS
from registries.schema import json_schema
from tests.kinds.facts import FACTS
from tests.kinds.facts.base import Provided
from tests.kinds.samples import SAMPLES


def subsets(slug: str) -> Iterator[Provided]:
    names = sorted(FACTS[slug].variables)
    for size in range(len(names) + 1):
        yield from map(frozenset, combinations(names, size))


def test_every_kind_has_its_facts() -> None:
    """They name every kind and every variable of it."""
    variables = {slug: set(facts.variables) for slug, facts in FACTS.items()}
    assert {slug: set(kind.by_name) for slug, kind in KINDS.items()} == variables


@pytest.mark.parametrize("slug", FACTS)
def test_error_places(slug: str) -> None:
    """Errors stand where the specification puts them, each once; the JSON Schema agrees."""
    validator = jsonschema.Draft202012Validator(json_schema(KINDS[slug]))
    for provided in subsets(slug):
        problems, expected = KINDS[slug].problems(provided), FACTS[slug].errors(provided)
        assert {problem.variable for problem in problems} == expected, provided
        places = [(problem.variable, problem.code) for problem in problems]
        assert len(places) == len(set(places)), provided
        assert all("%(" not in str(problem) for problem in problems)
        values = {name: SAMPLES[name] for name in provided}
        assert validator.is_valid(values) == (not expected), provided


@pytest.mark.parametrize("slug", FACTS)
def test_default_rows(slug: str) -> None:
    """A default row may be empty; with any variable set it follows the rules like all others."""
    kind = KINDS[slug]
    has_default = slug in {"ecr", "gcr", "ghcr", "hub", "quay"}
    assert (kind.default_name is not None) == has_default
    empty = {problem.variable for problem in kind.problems((), is_default=True)}
    assert empty == (set() if has_default else FACTS[slug].errors(frozenset()))
    for name in FACTS[slug].variables:
        one = {problem.variable for problem in kind.problems({name}, is_default=True)}
        assert one == FACTS[slug].errors(frozenset({name}))


@pytest.mark.parametrize("slug", FACTS)
def test_foreign_variables(slug: str) -> None:
    """A variable of another kind is an error at that variable, beside the kind's own."""
    foreign = set(SAMPLES).difference(FACTS[slug].variables)
    for name in foreign:
        places = {problem.variable for problem in KINDS[slug].problems({name})}
        assert places == {name} | FACTS[slug].errors(frozenset())
        assert [p.code for p in KINDS[slug].problems({name}) if p.variable == name] == [
            "foreign_variable"
        ]
