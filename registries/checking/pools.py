"""Thread pools for checks, one of which is shared by the whole process."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from threading import BoundedSemaphore
from types import TracebackType
from typing import Any, Self, TypeVar

_Result = TypeVar("_Result")


class Pool:
    """At most `count` threads. A slot is acquired before work is submitted, so none is queued."""

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, "registries-check")
        self._slots = BoundedSemaphore(count)

    def acquire(self) -> bool:
        """Acquire a slot for `run` if one is free, and return whether it was."""
        return self._slots.acquire(blocking=False)

    def release(self) -> None:
        self._slots.release()

    def run(self, work: Callable[..., _Result], *args: Any) -> "Future[_Result]":
        """Run work in the acquired slot and release it afterwards."""
        future = self._threads.submit(work, *args)
        future.add_done_callback(lambda _ended: self.release())
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.shutdown()


@lru_cache(maxsize=4)
def shared(count: int) -> Pool:
    """Return the pool that all large groups of checks in this process share."""
    return Pool(count)


# A forked process does not have the threads of its parent.
os.register_at_fork(after_in_child=shared.cache_clear)
