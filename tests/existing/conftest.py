"""A venv with the wheel, and a registry to check."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.existing.guest import install, missing
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import BasicRegistry
from tests.fakes.world import World


@pytest.fixture(scope="package", autouse=True)
def _has_packages() -> None:
    if lack := missing():
        reason = f"existing sites left out: {lack}"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)


@pytest.fixture(scope="package")
def python(_has_packages: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a venv with the wheel."""
    return install(tmp_path_factory.mktemp("existing"))


@pytest.fixture
def registry() -> BasicRegistry:
    """A registry that asks for a login."""
    return BasicRegistry(Ledger())


@pytest.fixture
def endpoints(registry: BasicRegistry) -> Iterator[str]:
    """What the site has to know to reach it: the setting ENDPOINTS, as JSON."""
    with World.of(registry) as world:
        yield json.dumps({origin: server.origin for origin, server in world.servers.items()})
