"""What every kind must have."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import registries.kinds
from registries.kinds import KINDS, Kind, variables
from registries.kinds.base import Method
from tests.kinds.samples import SAMPLES

# Modules beside the kinds.
PARTS = {
    "__init__",
    "address",
    "base",
    "cleaning",
    "hosts",
    "problem",
    "regions",
    "rules",
    "shared",
}

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
def test_texts(kind: Kind) -> None:
    """Everything that a person reads is there, and reads like a sentence where it is one."""
    assert kind.label
    assert kind.summary
    assert not kind.summary.endswith(".")
    for variable in kind.variables:
        assert variable.label
        assert re.fullmatch(r".+[.]", variable.help), variable.name
    howto = kind.howto
    assert howto.title
    assert len(howto.steps) >= 3
    assert howto.notes
    for sentence in (*howto.steps, *howto.notes):
        assert re.fullmatch(r"[A-Za-z].+[.]", sentence)
        assert "!" not in sentence
    assert howto.links
    for link in howto.links:
        assert link.label
        assert re.fullmatch(r"https://[a-z.]+/\S*", link.url)


@kinds
def test_methods(kind: Kind) -> None:
    """Every way to sign in is legal as it stands, and no variable is out of reach."""
    assert len({method.slug for method in kind.methods}) == len(kind.methods)
    for method in kind.methods:
        assert method.label
        given = {*method.variables, *_everywhere(kind)}
        if not method.default_only:
            assert not kind.problems(given), method.slug
        else:
            assert kind.problems(given)
            assert not kind.problems(given, is_default=True)
    reachable = {name for method in kind.methods for name in method.variables}
    assert {v.name for v in kind.variables} - reachable <= set(kind.address)
    # The recommended one is first, the deprecated ones and the anonymous one are last.
    last = [not method.variables for method in kind.methods]
    assert last == sorted(last)
    assert not kind.methods[0].deprecated


def _everywhere(kind: Kind) -> set[str]:
    in_methods = {name for method in kind.methods for name in method.variables}
    return {v.name for v in kind.variables if v.name not in in_methods}


@kinds
def test_anonymous_method(kind: Kind) -> None:
    """A kind offers to sign in as nobody exactly when its rules allow that."""
    offered = any(not m.variables and not m.default_only for m in kind.methods)
    assert offered == (not kind.problems(kind.address if "url" in kind.by_name else ()))


@kinds
def test_credentials_have_a_secret(kind: Kind) -> None:
    """The state can be told from the secrets: whoever signs in has one."""
    for method in kind.methods:
        assert bool(set(kind.secrets).intersection(method.variables)) == bool(method.variables)
        expected = "authenticated" if method.variables else "anonymous"
        assert kind.state(method.variables) == expected
    assert kind.state(kind.address) == "anonymous"


@kinds
def test_address_variables(kind: Kind) -> None:
    """Where secrets go is said by address, token server and region alone; none is a secret."""
    assert set(kind.address) == {"url", "authurl", "region"} & set(kind.by_name)
    assert not set(kind.address) & set(kind.secrets)


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
    assert secrets == {
        "auth",
        "clientsecret",
        "password",
        "privatekey",
        "secretaccesskey",
        "token",
    }


def test_same_name_same_column() -> None:
    """Kinds that share a variable's name store it alike."""
    shared = variables()
    for kind in KINDS.values():
        for variable in kind.variables:
            one, other = variable, shared[variable.name]
            assert (one.secret, one.multiline, one.max_length, one.address) == (
                other.secret,
                other.multiline,
                other.max_length,
                other.address,
            )


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
    remarked = {each.name for each in kind.variables if each.secret and each.notice}
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


def _label(match: re.Match[str]) -> str:
    samples = {
        "name": "acme",
        "account": "123456789012",
        "region": "eu-west-1",
        "location": "europe-west1",
    }
    return samples[match[1]]


@kinds
def test_nothing_secret_in_repr(kind: Kind, canary: str) -> None:
    """A credential can be printed: its secrets are left out."""
    values = {**SAMPLES, **dict.fromkeys(set(kind.secrets) - {"auth", "privatekey"}, canary)}
    own = {name: values[name] for name in kind.by_name if name != "auth"}
    shown = repr(kind.credential(own, None, ""))
    assert canary not in shown
    assert SAMPLES["privatekey"] not in shown


def test_method_without_variables_is_anonymous() -> None:
    """Nobody builds a way to sign in that has variables and is anonymous."""
    assert {field.name for field in fields(Method)} >= {"variables", "default_only", "deprecated"}
    for kind in KINDS.values():
        for method in kind.methods:
            assert (method.slug == "anonymous") == (not method.variables)


@kinds
def test_a_variable_of_another_kind_says_whose_it_is_not(kind: Kind) -> None:
    foreign = next(name for name in variables() if name not in kind.by_name)
    told = [str(found) for found in kind.problems([foreign]) if found.variable == foreign]
    assert told == [f"“{kind.label}” has no such variable. Clear it."]
