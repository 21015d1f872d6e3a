"""A Redis cache that behaves as if it were empty while Redis is not available."""

import logging
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class Cache(RedisCache):
    """The site can work without the cached data: request counts and tokens of registries."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        # ValueError and RecursionError mean that the value is not valid JSON.
        except (RedisError, ValueError, RecursionError) as error:
            logger.warning("Cannot read from Redis: %s", type(error).__name__)
            return default

    def add(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Whether nothing was there; so it is, as far as anybody can tell, while Redis is away."""
        try:
            return super().add(key, value, timeout, version)
        except RedisError as error:
            logger.warning("Cannot write to Redis: %s", type(error).__name__)
            return True

    def delete(self, key: Any, version: int | None = None) -> bool:
        try:
            return super().delete(key, version)
        except RedisError as error:
            logger.warning("Nothing is deleted from Redis: %s", type(error).__name__)
            return False

    def set(
        self,
        key: Any,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        try:
            super().set(key, value, timeout, version)
        except RedisError as error:
            logger.warning("Cannot write to Redis: %s", type(error).__name__)
