"""The JSON Schema of files: it takes what the rules of the kinds take, and docs/ is right by it."""

import json
import re
import tomllib
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from registries.kinds import KINDS
from registries.provisioning.schema import file_schema
from tests.kinds.samples import SAMPLES
from tests.provisioning.conftest import HUB

SCHEMA = file_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
PAGE = (Path(__file__).parents[2] / "docs" / "as-code.md").read_text()
EXAMPLES = re.findall(r"^```(yaml|toml)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
REFERENCE = {"env": "REGISTRIES_SECRET_X"}


def is_valid(*registries: Any, **top: Any) -> bool:
    file = {"version": 1, "source": "team", "registries": [*registries]}
    return VALIDATOR.is_valid(file | top)


def test_is_a_schema() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("slug", KINDS)
def test_takes_what_the_rules_take(slug: str) -> None:
    """Whichever variables are given; a kind with a default row may also be without any."""
    kind = KINDS[slug]
    given = [*kind.by_name]
    for names in chain.from_iterable(combinations(given, n) for n in range(len(given) + 1)):
        entry = {
            "name": "x",
            "kind": slug,
            "set": {name: SAMPLES[name] for name in names if name not in kind.secrets},
            "secrets": {name: REFERENCE for name in names if name in kind.secrets},
        }
        is_default = not names and kind.default_name is not None
        right = not kind.problems(names, is_default=is_default)
        assert is_valid(entry) is right, names
        if names:
            assert not is_valid(entry | {"set": {**entry["set"], "foreign": "x"}})


@pytest.mark.parametrize(
    "change",
    [
        {"secrets": {"password": "fake"}},
        {"secrets": {"password": {}}},
        {"secrets": {"password": {"env": "PATH"}}},
        {"secrets": {"password": {"file": "secret"}}},
        {"secrets": {"password": {**REFERENCE, "file": "/run/secrets/x"}}},
        {"set": {"login": "acme", "password": "fake"}},
        {"kind": "none"},
        {"name": ""},
        {"verify_tls": "no"},
        {"handover": "short"},
        {"check_every": 1},
        {"check_every": "3600"},
        {"expires_on": 20300131},
        {"password": "fake"},
    ],
)
def test_refuses(change: dict[str, Any]) -> None:
    assert is_valid(HUB)
    assert not is_valid(HUB | change)


@pytest.mark.parametrize("top", [{"version": 2}, {"source": "A"}, {"registries": {}}, {"x": 1}])
def test_refuses_at_the_top(top: dict[str, Any]) -> None:
    assert is_valid()
    assert not is_valid(**top)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_of_the_docs(example: tuple[str, str]) -> None:
    form, text = example
    content = tomllib.loads(text) if form == "toml" else yaml.safe_load(text)
    VALIDATOR.validate(content)


def test_there_are_examples_of_both_forms() -> None:
    assert {form for form, _text in EXAMPLES} == {"yaml", "toml"}
