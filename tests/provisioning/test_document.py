"""Reading files: what is wrong with them is said at its place, without what stands there."""

import json
from pathlib import Path
from typing import Any

import pytest

from registries.provisioning import document
from registries.provisioning.faults import MOST_FAULTS, NotApplied
from registries.provisioning.references import SecretReference
from tests.provisioning.conftest import GHCR, HUB, Write

CANARY = "fake-canary"
FILE = {"version": 1, "source": "team", "registries": [HUB]}
YAML = """\
# yaml-language-server: $schema=https://registries.example/registries.schema.json
version: 1
source: team
registries:
  - name: Builds
    kind: custom
    verify_tls: false
    prefix:
    set: {url: https://a.example, login: 0123}
    secrets: {password: {file: /run/secrets/hub}}
"""
TOML = """\
version = 1
source = "team"
[[registries]]
name = "Builds"
kind = "custom"
verify_tls = false
set = {url = "https://a.example", login = "0123"}
secrets.password.file = "/run/secrets/hub"
"""


def places(content: bytes, name: str = "file.yaml") -> list[tuple[str, str]]:
    with pytest.raises(NotApplied) as caught:
        document.read([(name, content)])
    assert CANARY not in str(caught.value)
    return [(fault.place.path, fault.code) for fault in caught.value.faults]


def test_yaml_and_toml_say_the_same() -> None:
    """Digits of YAML stay a text, null is nothing, and booleans are of both."""
    for name, content in (("a.yaml", YAML), ("a.toml", TOML)):
        found = document.read([(name, content.encode())])
        [declared] = found.declared
        assert (found.source, declared.kind, declared.common) == (
            *("team", "custom"),
            {"verify_tls": False},
        )
        assert declared.plain == {"url": "https://a.example", "login": "0123"}
        assert declared.secrets == {"password": SecretReference("file", "/run/secrets/hub")}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"version": 2}, "version"),
        ({"version": None}, "version"),
        ({"source": "Team"}, "source"),
        ({"source": ""}, "source"),
        ({"source": "team\n"}, "source"),
        ({"registries": {}}, "registries"),
        ({"extra": CANARY}, "extra"),
    ],
)
def test_the_top(change: dict[str, Any], place: str) -> None:
    assert [path for path, _code in places(json.dumps(FILE | change).encode())] == [place]


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"name": " "}, "name", "required"),
        ({"name": None}, "name", "required"),
        ({"kind": CANARY}, "kind", "invalid"),
        ({"password": CANARY}, "password", "invalid"),
        ({"verify_tls": CANARY}, "verify_tls", "invalid"),
        ({"verify_tls": 1.5}, "verify_tls", "invalid"),
        ({"handover": CANARY}, "handover", "invalid"),
        ({"check_every": CANARY}, "check_every", "invalid"),
        ({"check_every": 1}, "check_every", "invalid"),
        ({"check_every": True}, "check_every", "invalid"),
        *(({"expires_on": day}, "expires_on", "invalid") for day in (CANARY, "", 1, "20300131")),
        ({"expires_on": "2030-02-30"}, "expires_on", "invalid"),
        ({"expires_on": "2030-01-31T00:00:00"}, "expires_on", "invalid"),
        ({"set": CANARY}, "set", "invalid"),
        ({"set": {"login": [CANARY]}}, "set.login", "invalid"),
        ({"set": {"password": CANARY}}, "set.password", "inline_secret"),
        ({"set": {"region": CANARY}}, "set.region", "invalid"),
        ({"secrets": {"login": CANARY}}, "secrets.login", "invalid"),
        ({"secrets": {"password": CANARY}}, "secrets.password", "inline_secret"),
        ({"secrets": {"password": {}}}, "secrets.password", "invalid"),
        (
            {"secrets": {"password": {"env": "REGISTRIES_SECRET_X", "file": "/x"}}},
            "secrets.password",
            "invalid",
        ),
        ({"secrets": {"password": {"exec": CANARY}}}, "secrets.password.…", "invalid"),
        ({"secrets": {"password": {CANARY: None}}}, "secrets.password.…", "invalid"),
        ({"secrets": {CANARY: None}}, "secrets.…", "invalid"),
        ({"set": {CANARY: None}}, "set.…", "invalid"),
        ({"secrets": {"password": {"env": CANARY}}}, "secrets.password.env", "invalid"),
        (
            {"secrets": {"password": {"env": "REGISTRIES_SECRET_X\n"}}},
            "secrets.password.env",
            "invalid",
        ),
        (
            {"secrets": {"password": {"env": "DJANGO_SECRET_KEY"}}},
            "secrets.password.env",
            "invalid",
        ),
        ({"secrets": {"password": {"file": CANARY}}}, "secrets.password.file", "invalid"),
    ],
)
def test_an_entry(change: dict[str, Any], place: str, code: str) -> None:
    """What is wrong stands behind a right entry; a secret in the file is never quoted."""
    content = FILE | {"registries": [GHCR, HUB | change]}
    found = places(json.dumps(content).encode())
    assert (f"registries[1].{place}", code) in found
    assert all(path.startswith("registries[1]") for path, _code in found)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", b""),
        ("a.yaml", b"\xff\xfe"),
        ("a.yaml", b"a: [" + CANARY.encode()),
        ("a.yaml", b"version: 1\nversion: 1\n"),
        ("a.yaml", b"a: &x 1\nb: *x\n"),
        ("a.yaml", b"a: !!python/object/apply:os.getcwd []\n"),
        ("a.yaml", b"a: 1\n---\nb: 1\n"),
        ("a.toml", b"a = " + CANARY.encode()),
        ("a.toml", YAML.encode()),
        ("a.yaml", b"#" * (document.LONGEST + 1)),
    ],
)
def test_what_cannot_be_read(name: str, content: bytes) -> None:
    assert places(content, name) == [("", "unreadable")]


def test_what_is_wrong_is_told_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file with a million faults does not fill the memory."""
    content = json.dumps(FILE | {"registries": [[]] * (MOST_FAULTS + 1)}).encode()
    assert places(content)[-2:] == [(f"registries[{MOST_FAULTS - 1}]", "invalid"), ("", "invalid")]
    monkeypatch.setattr(document, "MOST", MOST_FAULTS)
    assert places(content) == [("registries", "invalid")]


def test_several_files_are_one_source(write: Write) -> None:
    """A name stands once in all of them, and they have one source."""
    one, two = write(HUB, name="one.yaml"), write(GHCR, name="two.yaml")
    assert [each.name for each in document.load([one, two]).declared] == ["Builds", "Packages"]
    twin = write({**HUB, "name": "\uff42uilds"}, name="twin.yaml")
    other = write(GHCR, name="other.yaml", source="others")
    back = write({**GHCR, "was": "BUILDS"}, name="back.yaml")
    both = write({**HUB, "name": "A", "was": "X"}, {**HUB, "name": "B", "was": "x"}, name="b.yaml")
    for path, place in (
        (twin, "registries[0].name"),
        (other, "source"),
        (back, "registries[0].was"),
        (both, "registries[1].was"),
    ):
        with pytest.raises(NotApplied) as caught:
            document.load([one, path])
        [fault] = caught.value.faults
        assert fault.place == (path, place)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.yaml", tmp_path):
        with pytest.raises(NotApplied, match="This file cannot be read"):
            document.load([str(path)])
