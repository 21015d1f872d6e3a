"""Clients in processes of their own, so that processor time and memory are their own as well.

A client is the class `Client` of a module in `tests.bench.clients`: made with a `Job` and options,
its methods are what can be measured. The parent names a method on the child's standard input, the
child runs it and answers with a line of JSON, and waits.
"""

import atexit
import importlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.size import VARIABLE

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Job:
    """What a client is told.

    origin: the registry's. token_url, service: of its token server; empty where there is none.
    username, password: whom to sign in as; empty for nobody.
    images: (repository, tag) pairs to find the digests of. repository: whose tags to list.
    """

    origin: str
    token_url: str = ""
    service: str = ""
    username: str = ""
    password: str = ""
    images: tuple[tuple[str, str], ...] = ()
    repository: str = ""

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]


@dataclass(frozen=True)
class Figures:
    """What one call cost, and what it returned.

    wall: seconds. cpu: seconds of processor time, user and system, in all threads and in the
    programs that it ran. rss: the most memory the process, or a program that it ran, held until
    now, in MB.
    """

    wall: float
    cpu: float
    rss: float
    answer: Any


@cache
def environment() -> dict[str, str]:
    """What every child sees: nothing of the caller's but the PATH and how much to measure.

    Compiled modules are kept from one child to the next, as they are where software is installed.
    """
    folder = tempfile.mkdtemp(prefix="registries-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    names = {"HOME": "home", "PYTHONPYCACHEPREFIX": "compiled"}
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        VARIABLE: os.environ.get(VARIABLE, ""),
        **{name: str(Path(folder) / place) for name, place in names.items()},
    }


class Process:
    """A client in a process of its own, while the `with` block lasts."""

    def __init__(self, client: str, job: Job, **options: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, client],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say([asdict(job), options])

    def start(self, method: str) -> None:
        """Call a method of the client that never returns."""
        self._say(method)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """Send SIGTERM, and wait until the method that was started has returned."""
        self._process.terminate()
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError(f"{self._process.args!r} did not stop cleanly")

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self.__exit__(None, None, None)

    def run(self, method: str) -> Figures:
        """Call a method of the client. Raises RuntimeError where it failed."""
        self._say(method)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} failed in {method}")
        return Figures(**json.loads(line))

    def _say(self, what: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.__exit__(kind, error, trace)


def main() -> None:
    """What the child does until its standard input ends."""
    job, options = json.loads(sys.stdin.readline())
    job["images"] = tuple(map(tuple, job["images"]))
    module = importlib.import_module(f"tests.bench.clients.{sys.argv[1]}")
    client = module.Client(Job(**job), **options)
    for line in sys.stdin:
        method = getattr(client, json.loads(line))
        cpu, start = processor_time(), time.perf_counter()
        answer = method()
        wall = time.perf_counter() - start
        figures = Figures(wall, processor_time() - cpu, most_memory(), answer)
        print(json.dumps(asdict(figures)), flush=True)


def processor_time() -> float:
    """Seconds of processor time that this process and the programs it ran took so far."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def most_memory() -> float:
    """The most memory that this process, or a program that it ran, held at a time, in MB."""
    match = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert match is not None
    return max(int(match[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


if __name__ == "__main__":
    main()
