"""The read API beside plain views: a page of registries, lists of any length, and `resolve/`."""

import random
from collections import defaultdict
from statistics import median

from tests.bench import table
from tests.bench.clients.api import CALLS, PAGE
from tests.bench.process import Figures, Job, Process
from tests.bench.size import size

ROWS = size(10_000, 20)
LENGTHS = (size(1_000, 10), ROWS, size(100_000, 30))
FLOOR, SIGN_IN = "plain", "signed_in"
LISTS = (
    "page",
    "kind",
    "verdict",
    "state",
    "by_name",
    "by_kind",
    "by_change",
    "by_check",
    "by_creation",
)
RESOLVED = ("resolve_hub", "resolve_own")


def run(rounds: int) -> None:
    result = {rows: measure(rows, rounds) for rows in LENGTHS}
    here = result[ROWS]
    sign_in = median(sample.cpu / CALLS for sample in here[SIGN_IN])
    table.show(
        f"A page of {PAGE} of {ROWS} registries, and resolve/: milliseconds of a request",
        ("address", "wall", "ratio", "CPU", "ratio", "beyond the sign-in", "own queries"),
        [
            (
                name,
                table.milliseconds(walls := [sample.wall / CALLS for sample in samples]),
                table.ratio(walls, [sample.wall / CALLS for sample in here[FLOOR]]),
                table.milliseconds(cpus := [sample.cpu / CALLS for sample in samples]),
                table.ratio(cpus, [sample.cpu / CALLS for sample in here[FLOOR]]),
                table.milliseconds([median(cpus) - sign_in]),
                str(samples[0].answer["queries"]),
            )
            for name, samples in here.items()
        ],
    )
    table.show(
        f"The same with more rows: CPU milliseconds of a request for a page of {PAGE}",
        ("address", *(f"{rows} rows" for rows in LENGTHS)),
        [
            (name, *(table.milliseconds(e.cpu / CALLS for e in result[r][name]) for r in LENGTHS))
            for name in (SIGN_IN, FLOOR, *LISTS, *RESOLVED)
        ],
    )


def measure(rows: int, rounds: int) -> dict[str, list[Figures]]:
    """Ask one site with so many rows for every address, in a new order each round."""
    names = (SIGN_IN, FLOOR, *LISTS, *RESOLVED)
    samples: dict[str, list[Figures]] = defaultdict(list)
    with Process("api", Job(""), rows=rows) as process:
        for name in names:
            process.run(name)  # compiles, connects
        for _ in range(rounds):
            for name in random.sample(names, len(names)):
                samples[name].append(process.run(name))
    return {name: samples[name] for name in names}
