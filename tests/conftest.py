"""What every test may use."""

import functools
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import botocore.session
import pytest
from cryptography.fernet import Fernet, MultiFernet
from django.core.cache import cache
from encrypted_model_fields import fields as library

TESTS = Path(__file__).parent
# What starts other processes: browsers, other people's servers and clients, our own site.
SLOW = {"browser", "existing", "integrity", "packaging", "real", "site"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the database by a fixture as well, for `-m django_db` to find it, and what is
    slow by its folder.
    """
    for item in items:
        if SLOW.intersection(item.path.relative_to(TESTS).parts[:1]):
            item.add_marker("slow")
        if {"db", "transactional_db"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("django_db")


@pytest.fixture
def canary() -> str:
    """A random secret that stands nowhere else."""
    return "canary" + secrets.token_hex(16)


@pytest.fixture
def use_keys(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put other encryption keys in force; the first one encrypts."""

    def use(*keys: bytes) -> None:
        monkeypatch.setattr(library, "CRYPTER", MultiFernet([Fernet(key) for key in keys]))

    return use


@pytest.fixture
def other_key(use_keys: Callable[..., None]) -> None:
    """A site whose key is not the one that its secrets were sealed with, once this is asked for."""
    use_keys(Fernet.generate_key())


@pytest.fixture(scope="session", autouse=True)
def _service_descriptions() -> Iterator[None]:
    """Let botocore read the descriptions of AWS's services once, instead of for each exchange."""
    with pytest.MonkeyPatch.context() as patch:
        loader = functools.cache(botocore.session.create_loader)
        patch.setattr("botocore.session.create_loader", loader)
        yield


@pytest.fixture(autouse=True)
def _fresh_services() -> Iterator[None]:
    """No token or connection of one test serves another, and no request counts in another."""
    yield
    cache.clear()
    if row_client := sys.modules.get("registries.row_client"):
        row_client._transport.cache_clear()
        row_client._tokens.cache_clear()
