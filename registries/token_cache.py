"""Stores bearer tokens in a Django cache, encrypted, so that all processes of a site share them."""

import json
import logging
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.cache import BaseCache, caches
from encrypted_model_fields import fields as library

logger = logging.getLogger(__name__)


class CacheTokens:
    """A token store in one of the site's caches. The tokens in it are encrypted.

    A cache that is away, such as a Redis that restarts, keeps nothing: tokens are fetched anew.
    """

    def __init__(self, cache_name: str) -> None:
        self.cache_name = cache_name

    def get(self, key: str) -> str | None:
        sealed = self._ask("get", self._name(key))
        if not isinstance(sealed, str):
            return None
        try:
            cached_key, _, value = str(library.decrypt_str(sealed)).partition("\n")
        except InvalidToken:
            return None
        return value if cached_key == key else None

    def set(self, key: str, value: str, seconds: float) -> None:
        # The key is encrypted too, so that nobody can copy one row's token to another row.
        sealed = library.encrypt_str(f"{key}\n{value}").decode("ascii")
        self._ask("set", self._name(key), sealed, seconds)

    def take(self, key: str, seconds: float) -> bool:
        return bool(self._ask("add", self._lease(key), 1, seconds, away=True))

    def give_back(self, key: str) -> None:
        self._ask("delete", self._lease(key))

    def _ask(self, method: str, *arguments: Any, away: Any = None) -> Any:
        """Call a method of the cache. Returns `away` if that fails; each has errors of its own."""
        try:
            return getattr(self._cache, method)(*arguments)
        except Exception as error:  # noqa: BLE001 - each cache has errors of its own
            logger.warning("The cache of tokens does not answer: %s", type(error).__name__)
            return away

    @property
    def _cache(self) -> BaseCache:
        return caches[self.cache_name]  # Django has one connection for each thread

    def _name(self, key: str) -> str:
        return f"registries.token.{key}"

    def _lease(self, key: str) -> str:
        return f"registries.lease.{key}"


class JSONSerializer:
    """A JSON `serializer` for Django's Redis cache.

    Django's own serializer uses pickle, so whoever can write to Redis could run code in the site.
    """

    def dumps(self, value: Any) -> Any:
        """Return JSON. Integers are returned unchanged, because Redis itself increments them."""
        return value if type(value) is int else json.dumps(value)

    def loads(self, data: bytes) -> Any:
        """Return the value. Raises ValueError or RecursionError for invalid JSON."""
        return json.loads(data)
