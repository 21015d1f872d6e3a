"""The lock in requirements/: it names one version of everything, by its hashes, from nowhere."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement

from tests.site.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = {"site.txt": ("site",), "test.txt": ("site", "test")}


def locked(name: str) -> Iterator[tuple[Requirement, list[str]]]:
    """Each requirement of a lock, with its hashes."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    lines = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    for line in lines:
        requirement, *hashes = line.split(" --hash=")
        yield Requirement(requirement.strip()), [item.strip() for item in hashes]


def required(*extras: str) -> Iterator[Requirement]:
    """What pyproject.toml asks for."""
    lists = [PROJECT["project"]["dependencies"], PROJECT["build-system"]["requires"]]
    for text in (text for item in [*lists, *(EXTRAS[name] for name in extras)] for text in item):
        requirement = Requirement(text)
        if requirement.name == PROJECT["project"]["name"]:
            yield from required(*requirement.extras)
        else:
            yield requirement


@pytest.mark.parametrize("name", LOCKS)
def test_it_has_what_the_project_asks_for(name: str) -> None:
    """#100: after a change of pyproject.toml, `make lock` writes it anew."""
    versions: dict[str, list[str]] = {}
    for requirement, _ in locked(name):
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        versions.setdefault(requirement.name, []).append(pin.version)
    for requirement in required(*LOCKS[name]):
        result = versions.get(requirement.name, [])
        assert result, f"{requirement.name} is missing: make lock"
        for version in result:
            assert requirement.specifier.contains(version), f"{requirement}: make lock"


@pytest.mark.parametrize("name", LOCKS)
def test_nothing_is_installed_that_it_does_not_know(name: str) -> None:
    """#100: every file by its SHA-256; where they come from is each machine's own matter."""
    for requirement, hashes in locked(name):
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", item) for item in hashes), requirement
        assert requirement.url is None
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)


def test_the_tests_run_what_the_site_runs() -> None:
    site, test = (
        {(item.name, str(item.specifier), str(item.marker)) for item, _ in locked(name)}
        for name in LOCKS
    )
    assert {item[:2] for item in site} <= {item[:2] for item in test}
