"""What every kind must have."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import registries.kinds
from registries.kinds import KINDS, Kind, Variable, variables
from registries.kinds.base import Link, Method
from registries.kinds.conformance import faults
from registries.kinds.quay import quay
from tests.kinds.samples import SAMPLES

# Modules beside the kinds.
PARTS = {"__init__", "address", "base", "cleaning", "conformance", "hosts", "problem", "regions"}
PARTS |= {"rules", "shared"}

kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def test_one_module_each() -> None:
    """A kind lives in the module that is called as it is stored."""
    folder = Path(registries.kinds.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - PARTS == set(KINDS)
    for slug, kind in KINDS.items():
        assert kind.slug == slug
        module = __import__(f"registries.kinds.{slug}", fromlist=[slug])
        assert getattr(module, slug) is kind


@kinds
def test_what_every_kind_must_fulfil(kind: Kind) -> None:
    assert list(faults(kind)) == []
    assert kind.state(kind.address) == "anonymous"


def howto(**changes: Any) -> dict[str, Any]:
    return {"howto": quay.howto._replace(**changes)}


def variables_with(name: str, *more: Variable) -> dict[str, Any]:
    """Quay's variables without this one, and with these."""
    return {"variables": (*(one for one in quay.variables if one.name != name), *more)}


def methods(*named: Method) -> dict[str, Any]:
    return {"methods": named}


LINK = Link("Quay", "http://quay.io/")
NO_COLUMN = Variable(name="pin", label="PIN", help="A number.", clean=str)
OPEN_TOKEN = replace(quay.by_name["token"], secret=False)
ROBOT, NOBODY = quay.methods[0], quay.methods[-1]
SLUG = "its slug must start with a letter and have at most 20 lower-case letters and digits"
SENTENCES = "the steps and notes of its howto must be full sentences, which end with a period"
MARKUP = "its howto has an unclosed **, or a link without an https address"
GUEST = "its way to sign in 'guest' must be called 'anonymous' if, and only if, it has no variables"
WAY = f"its way to sign in {ROBOT.slug!r}"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"slug": "Quay.io"}, SLUG),
        ({"label": ""}, "it needs a label and a summary"),
        (
            howto(steps=("Open it.",)),
            "its howto needs a title, at least three steps, a note and a link",
        ),
        (howto(notes=("No sentence",)), SENTENCES),
        (howto(notes=("Open **Settings*.",)), MARKUP),
        (howto(notes=("Open [Quay](http://quay.io/).",)), MARKUP),
        (howto(links=(LINK,)), "the links of its howto need a label and an https address"),
        (variables_with("", NO_COLUMN), "its variable 'pin' has no column in the database"),
        (
            variables_with("token", OPEN_TOKEN),
            "its variable 'token' must be declared like the column with this name",
        ),
        (
            variables_with("account", replace(quay.by_name["account"], help="")),
            "its variable 'account' needs a label, and help that is a full sentence",
        ),
        (
            variables_with("url", replace(quay.by_name["url"], address=False)),
            "address=True must be set for url, authurl and region, and for no other variable",
        ),
        (methods(), "it needs at least one way to sign in"),
        (methods(replace(ROBOT, label=""), NOBODY), f"{WAY} needs a label"),
        (
            methods(replace(ROBOT, variables=("account", "password")), NOBODY),
            f"{WAY} uses variables that the kind does not have: password",
        ),
        (
            methods(replace(ROBOT, variables=("account",)), NOBODY),
            f"{WAY} needs a secret, or no variables at all",
        ),
        (
            methods(ROBOT, replace(NOBODY, slug="guest")),
            GUEST,
        ),
        (
            methods(replace(ROBOT, default_only=True), NOBODY),
            f"{WAY} must follow the kind's rules, or be default_only if it does not",
        ),
        (methods(ROBOT, ROBOT, NOBODY), "two of its ways to sign in have the same slug"),
        (methods(NOBODY), "no way to sign in uses account, namespace, token"),
        (
            methods(replace(ROBOT, deprecated=True), NOBODY),
            "its first way to sign in is the recommended one, so it cannot be deprecated",
        ),
        (methods(NOBODY, ROBOT), "anonymous access must be the last of its ways to sign in"),
        (methods(ROBOT), "it must offer anonymous access if, and only if, its rules allow it"),
    ],
)
def test_what_is_not_fulfilled_is_told(changes: dict[str, Any], fault: str) -> None:
    assert fault in list(faults(replace(quay, **changes)))


@kinds
def test_a_registry_of_ones_own_may_name_its_token_server(kind: Kind) -> None:
    """A verdict tells rows to name it; where they cannot, the kind says that it is fixed."""
    values = {name: SAMPLES[name] for name in kind.by_name}
    endpoint = kind.endpoint(values, None)
    assert endpoint.fixed_realm == ("authurl" not in kind.by_name)
    if "authurl" in kind.by_name:
        assert endpoint.realms == (SAMPLES["authurl"],)
        assert kind.by_name["authurl"].address
        del values["authurl"]
        assert not kind.endpoint(values, None).realms


def test_secrets() -> None:
    """These are the secrets, and no others."""
    secrets = {name for name, variable in variables().items() if variable.secret}
    assert secrets == {"auth", "clientsecret", "password", "privatekey", "secretaccesskey", "token"}


@kinds
def test_samples_are_legal_and_stay(kind: Kind) -> None:
    """Cleaning twice is cleaning once, and no legal value is touched."""
    raw = {name: SAMPLES[name] for name in kind.by_name}
    cleaned, problems = kind.clean(raw)
    assert not problems
    assert cleaned == raw
    assert kind.clean(cleaned) == (cleaned, [])


@kinds
def test_notices(kind: Kind) -> None:
    """Only what is deprecated is remarked upon in a legal row, and of secrets a password's edges.

    No notice of a secret says anything else: what is stored is not opened for it.
    """
    deprecated = [variable.help for variable in kind.variables if variable.deprecated]
    assert kind.notices({name: SAMPLES[name] for name in kind.by_name}) == deprecated
    assert kind.notices({}) == []
    remarked = {item.name for item in kind.variables if item.secret and item.notice}
    assert remarked <= {"password"}
    assert kind.notices(dict.fromkeys(kind.secrets, "********")) == deprecated


@kinds
def test_host_templates_are_anchored(kind: Kind) -> None:
    """A template's labels stand for one label of a host name each, never for a dot or a suffix."""
    for template in kind.hosts:
        sample = re.sub(r"\{(\w+)\}", _label, template)
        assert kind.match_host(sample) is not None, sample
        for wrong in (
            f"{sample}.evil.com",
            f"{sample}x",
            f"{sample}\n",
            f"{sample}.",
            f" {sample}",
        ):
            assert kind.match_host(wrong) is None, wrong
        assert kind.match_host(re.sub(r"\{\w+\}", "a.b", template)) is None or "{" not in template


LABELS = {"account": "123456789012", "region": "eu-west-1", "location": "europe-west1"}


def _label(match: re.Match[str]) -> str:
    return LABELS.get(match[1], "acme")


@kinds
def test_nothing_secret_in_repr(kind: Kind, canary: str) -> None:
    """A credential can be printed: its secrets are left out."""
    values = {**SAMPLES, **dict.fromkeys(set(kind.secrets) - {"auth", "privatekey"}, canary)}
    own = {name: values[name] for name in kind.by_name if name != "auth"}
    text = repr(kind.credential(own, None, ""))
    assert canary not in text
    assert SAMPLES["privatekey"] not in text


@kinds
def test_a_variable_of_another_kind_says_whose_it_is_not(kind: Kind) -> None:
    foreign = next(name for name in variables() if name not in kind.by_name)
    sentences = [
        str(problem) for problem in kind.problems([foreign]) if problem.variable == foreign
    ]
    assert sentences == [f"“{kind.label}” does not have this variable. Clear it."]
