"""Bearer tokens in a Django cache: shared by the site's processes, encrypted like the secrets."""

import json
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.cache import BaseCache, caches
from encrypted_model_fields import fields as library


class CacheTokens:
    """A token store over one of the site's caches; who reads the cache reads no token."""

    def __init__(self, cache_name: str) -> None:
        self.cache_name = cache_name

    def get(self, key: str) -> str | None:
        sealed = self._cache.get(self._name(key))
        if not isinstance(sealed, str):
            return None
        try:
            place, _, value = str(library.decrypt_str(sealed)).partition("\n")
        except InvalidToken:
            return None
        return value if place == key else None

    def set(self, key: str, value: str, seconds: float) -> None:
        # With its place: who writes the cache cannot hand one row's token to another.
        sealed = library.encrypt_str(f"{key}\n{value}").decode("ascii")
        self._cache.set(self._name(key), sealed, seconds)

    @property
    def _cache(self) -> BaseCache:
        return caches[self.cache_name]  # one connection a thread, as Django hands them out

    def _name(self, key: str) -> str:
        return f"registries.token.{key}"


class JSONSerializer:
    """What Django's Redis cache takes as its `serializer`: texts, numbers and lists of them.

    Django's own unpickles what it reads, so whoever can write to Redis could run code in the site.
    """

    def dumps(self, value: Any) -> Any:
        """JSON, or a whole number as it is: Redis itself counts those up."""
        return value if type(value) is int else json.dumps(value)

    def loads(self, data: bytes) -> Any:
        """The value. Raises ValueError or RecursionError for what is no JSON."""
        return json.loads(data)
