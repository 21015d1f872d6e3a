"""`python -m tests.bench [--rounds N] [--smallest] [NAME…]`: run all benchmarks, or some."""

import argparse
import importlib
import os

from tests.bench.size import MINUTES, VARIABLE

NAMES = (
    "digests",
    "tags",
    "checks",
    "schedule",
    "kills",
    "soak",
    "startup",
    "api",
    "metrics",
    "programs",
    "provisioning",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=5, help="how often each client is run")
    parser.add_argument(
        "--smallest", action="store_true", help="only show that they run: the figures mean nothing"
    )
    parser.add_argument("--minutes", type=float, default=0.5, help="how long `soak` runs")
    args = parser.parse_args()
    os.environ[MINUTES] = str(args.minutes)
    if args.smallest:
        # Before the benchmarks are imported: they read it then.
        os.environ[VARIABLE] = "1"
    for name in args.names or NAMES:
        if name not in NAMES:
            parser.error(f"there is no benchmark {name}")
        importlib.import_module(f"tests.bench.{name}").run(1 if args.smallest else args.rounds)


main()
