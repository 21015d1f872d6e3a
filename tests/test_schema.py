"""JSON Schema and description of every kind."""

import json

import jsonschema
import pytest

from registries.kinds import KINDS, Kind
from registries.schema import describe, json_schema
from registries.text import plain
from tests.kinds.samples import SAMPLES

kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def valid(kind: Kind, values: dict[str, object]) -> bool:
    return jsonschema.Draft202012Validator(json_schema(kind)).is_valid(values)


def method_values(kind: Kind) -> dict[str, object]:
    """Values for the recommended way to sign in, with everything that belongs to all ways."""
    elsewhere = {name for method in kind.methods[1:] for name in method.variables}
    names = {*kind.methods[0].variables, *(set(kind.by_name) - elsewhere)}
    return {name: SAMPLES[name] for name in names}


@kinds
def test_is_a_schema(kind: Kind) -> None:
    """It is JSON, and JSON Schema 2020-12."""
    schema = json_schema(kind)
    assert json.loads(json.dumps(schema)) == schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@kinds
def test_takes_only_its_variables(kind: Kind) -> None:
    """A variable of another kind, an empty value and a wrong type are refused."""
    values = method_values(kind)
    assert valid(kind, values)
    assert not valid(kind, {**values, "foreign": "x"})
    for name in values:
        for wrong in ("", None, 7, ["x"], "a" * (kind.by_name[name].max_length + 1)):
            assert not valid(kind, {**values, name: wrong}), name


@pytest.mark.parametrize(
    ("slug", "name", "wrong"),
    [
        ("custom", "url", "registry.example.com?x"),
        ("custom", "url", "https://reader@registry.example.com"),
        ("custom", "authurl", "ftp://auth.example.com"),
        ("custom", "auth", "reader:secret"),
        ("ecr", "region", "xx-fake-9"),
        ("ecr", "accesskey", "AKIA/EXAMPLE"),
        ("acr", "tenantid", "common"),
        ("gcr", "clientemail", "nobody"),
    ],
)
def test_patterns(slug: str, name: str, wrong: str) -> None:
    """What can be told from the text alone, the schema tells. A host alone is an address."""
    kind = KINDS[slug]
    others = {n: SAMPLES[n] for n in kind.by_name if n not in {"login", "password", name}}
    if name == "authurl":
        del others["auth"]
    assert valid(kind, {**others, name: SAMPLES[name]})
    assert not valid(kind, {**others, name: wrong})


@kinds
def test_secrets_are_write_only(kind: Kind) -> None:
    """A secret is never read: the schema says so, and names no other as secret."""
    properties = json_schema(kind)["properties"]
    write_only = {name for name, schema in properties.items() if schema.get("writeOnly")}
    assert write_only == set(kind.secrets)
    assert not any(word in json.dumps(properties) for word in ("default", "examples", "const"))


def test_deprecated() -> None:
    """Docker Hub's token is accepted, and said to be on its way out."""
    deprecated = {
        (slug, name)
        for slug, kind in KINDS.items()
        for name, schema in json_schema(kind)["properties"].items()
        if schema.get("deprecated")
    }
    assert deprecated == {("hub", "token")}


@kinds
def test_describe(kind: Kind) -> None:
    """The description has exactly the parts of the contract, and every text is translated."""
    seen: list[str] = []

    def translate(text: str) -> str:
        seen.append(text)
        return f"«{text}»"

    description = describe(kind, translate)
    assert json.loads(json.dumps(description)) == description
    assert list(description) == ["slug", "label", "hosts", "variables", "rules", "schema", "howto"]
    assert description["slug"] == kind.slug
    assert description["label"] == f"«{kind.label}»"
    assert description["hosts"] == list(kind.hosts)
    assert description["schema"] == json_schema(kind)
    assert [variable["name"] for variable in description["variables"]] == list(kind.by_name)
    for told_variable, variable in zip(description["variables"], kind.variables, strict=True):
        assert told_variable == {
            "name": variable.name,
            "label": f"«{variable.label}»",
            "required": variable.required,
            "secret": variable.secret,
            "help": f"«{variable.help}»",
        }
    assert len(description["rules"]) == len(kind.rules)
    assert all("«" in rule and "%(" not in rule for rule in description["rules"])
    howto = description["howto"]
    assert list(howto) == ["title", "steps", "notes", "links"]
    assert howto["steps"] == [f"«{plain(step)}»" for step in kind.howto.steps]
    assert howto["notes"] == [f"«{plain(note)}»" for note in kind.howto.notes]
    assert [link["url"] for link in howto["links"]] == [link.url for link in kind.howto.links]
    assert all(text.strip() for text in seen)


def test_rules_in_words() -> None:
    """A rule reads like a sentence with the labels that people see."""
    rules = {slug: describe(kind, str)["rules"] for slug, kind in KINDS.items()}
    assert rules["ghcr"] == ["Enter all of these or none: “User name”, “Access token”."]
    assert rules["hub"] == [
        "“Login” requires one of “Access token or password”, “Token”.",
        "“Access token or password” requires “Login”.",
        "“Token” requires “Login”.",
        "“Token” cannot be used together with “Access token or password”.",
        "“Auth string” cannot be used together with “Login”, “Access token or password”, “Token”.",
    ]
    (rule,) = rules["gitea"]
    assert rule.startswith("Enter either “Login”, “Password or access token”")
    assert rule.endswith(", or only “Auth string”.")
    assert rules["lscr"] == []
