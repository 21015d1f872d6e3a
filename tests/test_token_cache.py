"""Bearer tokens in the site's cache: for whoever stored them, and for nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from encrypted_model_fields import fields as library

from registries.token_cache import CacheTokens

ONE, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def tokens() -> CacheTokens:
    return CacheTokens("default")


def name(key: str) -> str:
    return f"registries.token.{key}"


def test_a_token_is_kept_under_its_key(tokens: CacheTokens) -> None:
    tokens.set(ONE, "fake.bearer\ntoken", 60)
    assert tokens.get(ONE) == "fake.bearer\ntoken"
    assert tokens.get(OTHER) is None
    assert "fake" not in cache.get(name(ONE))


def test_who_writes_the_cache_gives_no_token_to_another_row(tokens: CacheTokens) -> None:
    """#23: a token that was moved is none."""
    tokens.set(ONE, "fake", 60)
    cache.set(name(OTHER), cache.get(name(ONE)))
    assert tokens.get(OTHER) is None
    assert tokens.get(ONE) == "fake"


@pytest.mark.parametrize("junk", ["junk", "", b"junk", 7, None, ["x"], {"x": 1}], ids=repr)
def test_junk_is_no_token(junk: object, tokens: CacheTokens) -> None:
    """#23: nor does it make a call fail."""
    cache.set(name(ONE), junk)
    assert tokens.get(ONE) is None


def test_a_cache_that_is_away_keeps_nothing(
    tokens: CacheTokens, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Also with Django's own cache for Redis, which raises."""
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://:canary@127.0.0.1:1"}}
    tokens.set(ONE, "fake", 60)
    assert tokens.get(ONE) is None
    assert tokens.take(ONE, 60), "nobody waits for whoever might fetch it"
    tokens.give_back(ONE)
    assert caplog.messages == ["The cache of tokens does not answer: ConnectionError"] * 4
    assert "canary" not in caplog.text


def test_a_secret_of_the_database_is_no_token(tokens: CacheTokens) -> None:
    """#3: what is encrypted with the same keys for another purpose is not taken."""
    cache.set(name(ONE), library.encrypt_str("v1\nplace\nfake-password").decode())
    assert tokens.get(ONE) is None


def test_with_another_key_there_are_none(
    tokens: CacheTokens, use_keys: Callable[..., None]
) -> None:
    """#1: as if they had ended."""
    tokens.set(ONE, "fake", 60)
    use_keys(Fernet.generate_key())
    assert tokens.get(ONE) is None
