"""A few threads that share a list of items."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self, TypeVar

_Item = TypeVar("_Item")


class Workers:
    """At most `count` threads. They start when they are needed and end with the `with` block."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count, "registries-client")

    def for_each(self, work: Callable[[_Item], None], items: Sequence[_Item]) -> None:
        """Call `work` for every item and wait until all are done. Raises what `work` raises."""
        # A queue is cheaper than one future for every item.
        queue: SimpleQueue[_Item] = SimpleQueue()
        for item in items:
            queue.put(item)

        def drain() -> None:
            with suppress(Empty):
                while True:
                    work(queue.get_nowait())

        for running in [self._pool.submit(drain) for _ in range(min(self._count, len(items)))]:
            running.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
