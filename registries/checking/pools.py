"""The threads that talk to registries: few checks have their own, many share the process's."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from threading import BoundedSemaphore
from types import TracebackType
from typing import Any, Self, TypeVar

_Result = TypeVar("_Result")


class Pool:
    """At most `count` threads; a place is taken before work is begun, so that none ever queues."""

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, "registries-check")
        self._free = BoundedSemaphore(count)

    def take(self) -> bool:
        """Take a place, if one is free: for `run`, or to be given back."""
        return self._free.acquire(blocking=False)

    def give_back(self) -> None:
        self._free.release()

    def run(self, work: Callable[..., _Result], *args: Any) -> "Future[_Result]":
        """Do work in the place that was taken, which is free again once it ends."""
        future = self._threads.submit(work, *args)
        future.add_done_callback(lambda _ended: self.give_back())
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
    """The pool of this process for checks of many registries, however many people ask for them."""
    return Pool(count)


# A process that is forked off has none of its parent's threads.
os.register_at_fork(after_in_child=shared.cache_clear)
