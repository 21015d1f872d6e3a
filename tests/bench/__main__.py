"""`python -m tests.bench [--rounds N] [NAME…]`: run the benchmarks, or those that are named."""

import argparse
import importlib

NAMES = ("digests", "tags", "checks", "startup", "api")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=5, help="how often each client is run")
    told = parser.parse_args()
    for name in told.names or NAMES:
        if name not in NAMES:
            parser.error(f"there is no benchmark {name}")
        importlib.import_module(f"tests.bench.{name}").run(told.rounds)


main()
