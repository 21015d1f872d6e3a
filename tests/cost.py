"""How the cost of reading an input grows with its size."""

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# A reader in one pass takes four times as long for four times the size; in two nested ones, 16.
LONGER = 4
LIMIT = 9


def is_read_in_one_pass(read: Callable[[Any], object], make: Callable[[int], Any]) -> bool:
    """Whether `read(make(4 * size))` costs about four times as much CPU as `read(make(size))`.

    Sizes grow until they can be measured, or until a megabyte cost nothing worth measuring.
    A ValueError counts as having read it.
    """
    size = 4_000
    while True:
        small, large = _seconds(read, make(size)), _seconds(read, make(LONGER * size))
        if large > 0.02 or size > 1_000_000:
            return large < LIMIT * max(small, 0.002)
        size *= 2


def _seconds(read: Callable[[Any], object], value: Any) -> float:
    """The least CPU time of three readings, without the garbage collector's share."""
    gc.disable()
    try:
        return min(_once(read, value) for _ in range(3))
    finally:
        gc.enable()


def _once(read: Callable[[Any], object], value: Any) -> float:
    started = time.process_time()
    with suppress(ValueError):
        read(value)
    return time.process_time() - started
