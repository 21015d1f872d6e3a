"""Files of registries, and what applying them says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registries import services
from registries.provisioning.faults import NotApplied
from registries.provisioning.planning import Options

SECRET = "fake-secret-of-a-file"
HUB: dict[str, Any] = {
    "name": "Builds",
    "kind": "hub",
    "prefix": "docker.io/acme",
    "set": {"login": "acme"},
    "secrets": {"password": {"env": "REGISTRIES_SECRET_HUB"}},
}
GHCR: dict[str, Any] = {
    "name": "Packages",
    "kind": "ghcr",
    "set": {"username": "acme"},
    "secrets": {"token": {"env": "REGISTRIES_SECRET_GHCR"}},
}
Write = Callable[..., str]


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRIES_SECRET_HUB", SECRET)
    monkeypatch.setenv("REGISTRIES_SECRET_GHCR", "fake-token")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes a file of these registries, and returns its path."""

    def write(*registries: Any, source: str = "team", name: str = "registries.yaml") -> str:
        path = tmp_path / name
        content = {"version": 1, "source": source, "registries": [*registries]}
        path.write_text(json.dumps(content))  # which is YAML
        return str(path)

    return write


def actions(plan: services.planning.Plan) -> dict[str, str]:
    return {step.name: step.action.value for step in plan.steps}


def fields(plan: services.planning.Plan) -> dict[str, tuple[str, ...]]:
    return {step.name: step.fields for step in plan.steps}


def applied(path: str, **options: bool) -> dict[str, str]:
    """What applying a file did to each row."""
    return actions(services.apply_files([path], Options(**options)))


def planned(path: str, **options: bool) -> dict[str, str]:
    return actions(services.plan_files([path], Options(**options)))


def faults(path: str, **options: bool) -> list[tuple[str, str]]:
    """The places and codes of what is wrong with a file."""
    with pytest.raises(NotApplied) as caught:
        services.apply_files([path], Options(**options))
    return [(fault.place.path, fault.code) for fault in caught.value.faults]
