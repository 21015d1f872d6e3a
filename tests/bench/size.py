"""How much the benchmarks measure: as much as figures need, or as little as shows that they run."""

import os

# Set by `python -m tests.bench --smallest`, and handed to the processes of the clients.
VARIABLE = "BENCH_SMALLEST"
MINUTES = "BENCH_MINUTES"


def size(usual: int, smallest: int) -> int:
    return smallest if os.environ.get(VARIABLE) else usual


def minutes() -> float:
    """How long `soak` runs."""
    return size(1, 0) * float(os.environ.get(MINUTES) or 0.5) or 0.1
