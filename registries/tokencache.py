"""Bearer tokens in a Django cache: shared by the site's processes, encrypted like the secrets."""

from cryptography.fernet import InvalidToken
from django.core.cache import BaseCache, caches
from encrypted_model_fields import fields as library


class CacheTokens:
    """A token store over one of the site's caches; who reads the cache reads no token."""

    def __init__(self, cache_name: str) -> None:
        self.cache_name = cache_name

    def get(self, key: str) -> str | None:
        sealed = self._cache.get(self._key(key))
        try:
            return None if sealed is None else str(library.decrypt_str(sealed))
        except InvalidToken:
            return None

    def set(self, key: str, value: str, seconds: float) -> None:
        self._cache.set(self._key(key), library.encrypt_str(value).decode("ascii"), seconds)

    @property
    def _cache(self) -> BaseCache:
        return caches[self.cache_name]  # one connection a thread, as Django hands them out

    def _key(self, key: str) -> str:
        return f"registries.token.{key}"
