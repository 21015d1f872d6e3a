"""Query parameters: none is ignored, none is echoed, none breaks anything."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from registries.models import Registry, names
from registries.reference import IMAGE_PATTERN, InvalidReference, Reference
from tests.api.conftest import PATHS, Caller, addresses

GetJson = Callable[..., Any]

GOOD = {
    "kind": "hub",
    "state": "anonymous",
    "verdict": "valid",
    "is_default": "true",
    "search": "x",
    "expires_before": "2030-01-31",
    "expires_after": "2029-01-31",
    "ordering": "name",
    "page": "1",
    "page_size": "1",
    "repository": "acme/app",
    "reference": "latest",
    "image": "nowhere.example/app",
    "prefix": "1.",
    "last": "1.2",
    "n": "1",
    "platform": "linux/arm64",
    "form": "docker",
    "outcome": "refused",
    "registry": "1",
}
TAKEN = {
    "registries/": "kind state verdict is_default search expires_before expires_after ordering"
    " page page_size",
    "registries/{pk}/": "",
    "registries/{pk}/checks/": "",
    "registries/{pk}/tags/": "repository prefix last n",
    "registries/{pk}/digest/": "repository reference platform",
    "images/tags/": "image prefix last n",
    "images/digest/": "image platform",
    "kinds/": "",
    "kinds/custom/": "",
    "resolve/": "image",
    "handovers/": "form outcome page page_size registry",
}
# Bad for every parameter, percent-encoded.
HOSTILE = [
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "%C3%28",
    "%0D%0ASet-Cookie:x",
    "%E2%80%8B",
    "%F3%A0%80%81",
    "a" * 5000,
]
# Bad for every parameter but a search, which looks for it.
ODD = [
    "../../etc/passwd",
    "%27%20OR%201=1--",
    "%3Cscript%3E",
    "%7B0.__class__%7D",
    "%2B",
    "1%2C5",
    "-",
    "%20",
]


def test_the_table_is_complete() -> None:
    assert tuple(TAKEN) == PATHS
    assert {name for names in TAKEN.values() for name in names.split()} == GOOD.keys()


def query(path: str, **changed: str) -> str:
    """The path with what it takes, some of it changed."""
    pairs = {name: GOOD[name] for name in TAKEN[path].split()} | changed
    return path + "?" + "&".join(f"{name}={value}" for name, value in pairs.items())


TAKING = [path for path, names in TAKEN.items() if names]


@pytest.mark.parametrize("path", PATHS)
def test_unknown_parameters_are_errors(
    path: str, get_json: GetJson, row: Registry, registry: Any
) -> None:
    taken = ", ".join(TAKEN[path].split())
    supported = f"Supported parameters: {taken}." if taken else "None are supported here."
    for name in ("foo", "format", "Page", "name__lt", "", "%00", "kind%20"):
        answer = get_json(query(path, **{name: "1"}).format(pk=row.pk), 400)
        assert answer["code"] == "unknown_parameter", name
        assert answer["detail"] == f"There is an unknown parameter. {supported}"
    assert registry.requests == []


def test_known_ones_are_none(get_json: GetJson, row: Registry) -> None:
    for path in (*addresses(row), query("registries/")):
        get_json(path)


@pytest.mark.parametrize("path", TAKING)
def test_hostile_values(path: str, get_json: GetJson, row: Registry, registry: Any) -> None:
    """#63: 400, never 500, and no registry is asked."""
    for name, value in product(TAKEN[path].split(), HOSTILE):
        answer = get_json(query(path, **{name: value}).format(pk=row.pk), 400)
        assert answer["code"] in {"invalid_parameter", "invalid_query"}, (name, value)
        assert set(answer.get("fields", {name: ""})) == {name}, (name, value)
    assert registry.requests == []


@pytest.mark.parametrize("path", TAKING)
def test_odd_values(path: str, get_json: GetJson, row: Registry) -> None:
    for name, value in product(TAKEN[path].split(), [*ODD, ""]):
        if name != "search":
            answer = get_json(query(path, **{name: value}).format(pk=row.pk), 400)
            assert list(answer["fields"]) == [name], (name, value)


def test_odd_searches_find_nothing_odd(get_json: GetJson, row: Registry) -> None:
    for value in ODD:
        assert get_json(f"registries/?search={value}")["count"] in {0, 1, 5, 6}, value


@pytest.mark.parametrize(
    ("path", "name", "values"),
    [
        ("registries/", "kind", ["HUB", "hub,quay"]),
        ("registries/", "state", ["not_configured"]),
        ("registries/", "verdict", ["None"]),
        ("registries/", "is_default", ["1", "True"]),
        ("registries/", "ordering", ["id", "--name", "name,kind", "host"]),
        ("registries/", "page", ["0", "-1", "1.0", "%D9%A1", "9" * 19, "last"]),
        ("registries/", "page_size", ["0", "501", "all"]),
        ("images/tags/", "n", ["10001"]),
        ("images/tags/", "prefix", [".1"]),
        ("images/tags/", "last", ["a" * 129]),
        ("images/digest/", "platform", ["arm64", "linux/", "linux/arm/v7/x", "linux/ARM64"]),
    ],
)
def test_unknown_values_are_errors(
    path: str, name: str, values: list[str], get_json: GetJson, db: None
) -> None:
    for value in values:
        assert list(get_json(query(path, **{name: value}), 400)["fields"]) == [name], value


@pytest.mark.parametrize("path", TAKING)
def test_a_parameter_given_twice(path: str, get_json: GetJson, row: Registry) -> None:
    for name in TAKEN[path].split():
        twice = query(path).format(pk=row.pk) + f"&{name}={GOOD[name]}"
        assert get_json(twice, 400)["fields"] == {name: "Enter this parameter only once."}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("registries/{pk}/tags/", ["repository"]),
        ("registries/{pk}/digest/", ["repository", "reference"]),
        ("registries/{pk}/digest/?reference=latest", ["repository"]),
        ("registries/{pk}/digest/?repository=acme/app", ["reference"]),
        ("images/tags/", ["image"]),
        ("images/digest/", ["image"]),
        ("resolve/", ["image"]),
    ],
)
def test_required_parameters(
    path: str, expected: list[str], get_json: GetJson, row: Registry
) -> None:
    answer = get_json(path.format(pk=row.pk), 400)
    assert answer["fields"] == dict.fromkeys(expected, "This is required.")


def test_what_is_no_repository(get_json: GetJson, row: Registry, registry: Any) -> None:
    """#46: nothing that could lead to another path reaches the registry."""
    values = ("Acme/App", "acme//app", "/acme", "acme/", "acme/../app", "acme/app:1", "a?b", "a%23")
    for value in values:
        answer = get_json(f"registries/{row.pk}/tags/?repository={value}", 400)
        assert list(answer["fields"]) == ["repository"], value
    assert registry.requests == []


def test_every_wrong_parameter_is_named_and_none_is_echoed(get_json: GetJson, canary: str) -> None:
    """#17: the answer says what is taken, never what was given."""
    filters = ["kind", "state", "verdict", "is_default", "ordering"]
    for wrong in (["page", "page_size"], filters):
        answer = get_json("registries/?" + "&".join(f"{name}={canary}" for name in wrong), 400)
        assert list(answer["fields"]) == wrong
        assert canary not in str(answer)
    assert canary not in str(get_json(f"registries/?{canary}=1", 400))
    assert canary not in str(get_json(f"kinds/{canary}/", 404))
    assert canary not in str(get_json(f"resolve/?image={canary}:{canary}:1", 400))


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "utf-16", "nonsense"])
def test_the_query_is_utf_8_whatever_the_request_claims(charset: str, reader: Caller) -> None:
    """#63: Django would decode the query as the Content-Type says, surrogates and all."""
    headers = {"CONTENT_TYPE": f"text/plain; charset={charset}"}
    answer = reader.get("registries/?search=%5Cud800", **headers)
    assert (answer.status_code, answer.json()["count"]) == (200, 0)
    assert reader.get("registries/?search=quay", **headers).json()["count"] == 1


def test_a_query_of_raw_bytes(reader: Caller) -> None:
    for raw in ("search=\xe9", "search=\x00", "\xff=1"):
        answer = reader.generic("GET", "registries/", QUERY_STRING=raw)
        assert answer.status_code == 400


def test_the_documents_patterns_say_what_is_taken() -> None:
    """A client that keeps to the patterns is understood, and one that does not is told so."""
    matches = re.compile(names.VISIBLE_PATTERN).fullmatch
    blocks = ["".join(map(chr, range(first, first + 256))) for first in range(0, 0x110000, 256)]
    # One by one only where something in the block is invisible.
    mixed = [block for block in blocks if not matches(block) or names.has_invisible(block)]
    apart = {
        ord(character)
        for character in "".join(mixed)
        if bool(matches(character)) is names.has_invisible(character)
    }
    # Surrogates, which no JSON holds, and signs that Unicode 15 added.
    assert apart <= {*range(0xD800, 0xE000), *range(0x13439, 0x13440)}


DIGEST = "sha256:" + "a" * 64
IMAGES = [
    *("nginx", "a.b", "a_b/c", "ghcr.io/acme/app:1.0", "GHCR.IO/a", "a_b.c/x", "a-.b/x"),
    *("a..b", "a//b", "a:5000/x", "a:tag:tag", "Nginx", "x@sha256:1", "a:-", "a/B", ""),
    f"localhost:5000/a/b@{DIGEST}",
    # How long they may be.
    *("a" * 247 + ":1.0", "ghcr.io/" + "a" * 247 + f"@{DIGEST}", "ghcr.io/" + "a" * 256),
    *("a" * 256, "a" * 100 + "/" + "b" * 160, "a." * 128 + "a/b"),
    # What looks like a digest is no name.
    *("a" * 64, DIGEST, "sha512:" + "a" * 128, f"docker.io/{DIGEST}", f"docker://{DIGEST}"),
    # As they are pasted.
    *("docker://nginx", "docker://ghcr.io/a:1", "docker://docker://a", "oci://reg:5000/a"),
    *("https://ghcr.io/a/b", "http://localhost/a", "https://team/app", "https://ghcr.io"),
    "ftp://ghcr.io/a",
]


def test_the_pattern_of_an_image() -> None:
    for image in IMAGES:
        try:
            Reference.from_pasted(image)
            taken = True
        except InvalidReference:
            taken = False
        assert bool(re.search(IMAGE_PATTERN, image)) is taken, image
