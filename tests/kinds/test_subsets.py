"""Every subset of every kind's variables, against a table that knows nothing of the rules."""

from collections.abc import Callable, Iterator
from itertools import combinations

import jsonschema
import pytest

from registries.kinds import KINDS
from registries.schema import json_schema
from tests.kinds.samples import SAMPLES

Given = frozenset[str]


def _both(given: Given, *names: str) -> set[str]:
    """The partners that are missing."""
    return set(names) - given if given & set(names) else set()


def _alone(given: Given, name: str, *others: str) -> set[str]:
    return {name} if name in given and given & set(others) else set()


def custom(given: Given) -> set[str]:
    """The address; then nothing, or login with password, or auth."""
    return (
        ({"url"} - given)
        | _both(given, "login", "password")
        | _alone(given, "auth", "login", "password")
    )


# Where the errors stand for what is given besides the address.
FORGE = {
    (): {"login", "password"},
    ("login",): {"password"},
    ("password",): {"login"},
    ("auth",): set(),
    ("login", "password"): set(),
    ("login", "auth"): {"password", "auth"},
    ("password", "auth"): {"login", "auth"},
    ("login", "password", "auth"): {"auth"},
}
HUB = {
    (): set(),
    ("login",): {"password"},
    ("password",): {"login"},
    ("token",): {"login"},
    ("auth",): set(),
    ("login", "password"): set(),
    ("login", "token"): set(),
    ("login", "auth"): {"password", "auth"},
    ("password", "token"): {"login", "token"},
    ("password", "auth"): {"login", "auth"},
    ("token", "auth"): {"login", "auth"},
    ("login", "password", "token"): {"token"},
    ("login", "password", "auth"): {"auth"},
    ("login", "token", "auth"): {"auth"},
    ("password", "token", "auth"): {"login", "token", "auth"},
    ("login", "password", "token", "auth"): {"token", "auth"},
}


def forge(given: Given) -> set[str]:
    """The address, and exactly one of login with password, or auth."""
    table = {frozenset(names): places for names, places in FORGE.items()}
    return ({"url"} - given) | table[given - {"url", "authurl"}]


def hub(given: Given) -> set[str]:
    """Nothing, login with exactly one of password and token, or auth alone."""
    return {frozenset(names): places for names, places in HUB.items()}[given]


def quay(given: Given) -> set[str]:
    """All three of a robot or none; a token server only for a Quay of one's own."""
    own = {"url"} - given if "authurl" in given else set()
    return own | _both(given, "namespace", "account", "token")


PLACES: dict[str, Callable[[Given], set[str]]] = {
    "acr": lambda given: {"clientid", "clientsecret"} - given,
    "custom": custom,
    "ecr": lambda given: {"region", "accesskey", "secretaccesskey"} - given,
    "forgejo": forge,
    "gcr": lambda given: _both(given, "clientemail", "privatekey"),
    "ghcr": lambda given: _both(given, "username", "token"),
    "gitea": forge,
    "gitlab": lambda given: {"url", "authurl", "token"} - given,
    "hub": hub,
    "lscr": lambda given: {"username", "token"} - given,
    "quay": quay,
}
NAMES = {
    "acr": {"clientid", "clientsecret", "url", "tenantid"},
    "custom": {"url", "login", "password", "auth", "authurl"},
    "ecr": {"region", "accesskey", "secretaccesskey"},
    "forgejo": {"url", "login", "password", "auth", "authurl"},
    "gcr": {"clientemail", "privatekey"},
    "ghcr": {"username", "token"},
    "gitea": {"url", "login", "password", "auth", "authurl"},
    "gitlab": {"url", "authurl", "token", "username"},
    "hub": {"login", "password", "token", "auth"},
    "lscr": {"username", "token"},
    "quay": {"namespace", "account", "token", "url", "authurl"},
}


def subsets() -> Iterator[tuple[str, Given]]:
    for slug, names in NAMES.items():
        for size in range(len(names) + 1):
            for given in combinations(sorted(names), size):
                yield slug, frozenset(given)


SUBSETS = list(subsets())


def test_every_kind_is_in_the_table() -> None:
    """The table names every kind and every variable of it."""
    assert {slug: set(kind.by_name) for slug, kind in KINDS.items()} == NAMES
    assert PLACES.keys() == NAMES.keys()


@pytest.mark.parametrize(("slug", "given"), SUBSETS)
def test_error_places(slug: str, given: Given) -> None:
    """Errors stand where the specification puts them, each once."""
    problems = KINDS[slug].problems(given)
    assert {problem.variable for problem in problems} == PLACES[slug](given)
    places = [(problem.variable, problem.code) for problem in problems]
    assert len(places) == len(set(places))
    assert all("%(" not in str(problem) for problem in problems)


@pytest.mark.parametrize(("slug", "given"), SUBSETS)
def test_json_schema_agrees(slug: str, given: Given) -> None:
    """The JSON Schema takes the same subsets, with legal values."""
    schema = json_schema(KINDS[slug])
    values = {name: SAMPLES[name] for name in given}
    valid = jsonschema.Draft202012Validator(schema).is_valid(values)
    assert valid == (not PLACES[slug](given))


@pytest.mark.parametrize("slug", NAMES)
def test_default_rows(slug: str) -> None:
    """A default row may be empty; with any variable set it follows the rules like all others."""
    kind = KINDS[slug]
    has_default = slug in {"ecr", "gcr", "ghcr", "hub", "quay"}
    assert (kind.default_name is not None) == has_default
    empty = {problem.variable for problem in kind.problems((), is_default=True)}
    assert empty == (set() if has_default else PLACES[slug](frozenset()))
    for name in NAMES[slug]:
        one = {problem.variable for problem in kind.problems({name}, is_default=True)}
        assert one == PLACES[slug](frozenset({name}))


@pytest.mark.parametrize("slug", NAMES)
def test_foreign_variables(slug: str) -> None:
    """A variable of another kind is an error at that variable, beside the kind's own."""
    foreign = set(SAMPLES) - NAMES[slug]
    for name in foreign:
        places = {problem.variable for problem in KINDS[slug].problems({name})}
        assert places == {name} | PLACES[slug](frozenset())
        assert [p.code for p in KINDS[slug].problems({name}) if p.variable == name] == [
            "foreign_variable"
        ]
