"""What every test may use."""

import secrets
import sys
from collections.abc import Callable, Iterator

import pytest
from cryptography.fernet import Fernet, MultiFernet
from encrypted_model_fields import fields as library


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


@pytest.fixture(autouse=True)
def _fresh_services() -> Iterator[None]:
    """No token or connection of one test serves another."""
    yield
    if services := sys.modules.get("registries.services"):
        services._transport.cache_clear()
        services._tokens.cache_clear()
