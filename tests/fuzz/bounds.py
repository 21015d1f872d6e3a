"""A bound on the memory that one odd input may take; that on its time is the profiles'."""

import tracemalloc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

Params = ParamSpec("Params")
# Inputs have at most a few hundred kB.
MOST = 64 * 1024 * 1024


def bounded(test: Callable[Params, None]) -> Callable[Params, None]:
    """The test, failing where one input took more memory than `MOST` bytes."""

    @wraps(test)
    def measured(*args: Params.args, **kwargs: Params.kwargs) -> None:
        tracemalloc.start()
        try:
            test(*args, **kwargs)
            _now, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most <= MOST, f"{most} bytes"

    return measured
