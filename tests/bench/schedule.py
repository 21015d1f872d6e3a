"""`run_checks` with one worker and with several, and what it costs to find what is due.

On SQLite, and on PostgreSQL if `tests/with-postgres` starts it: `tests/with-postgres make bench
BENCH=schedule`.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dj_database_url

from tests.bench import table
from tests.bench.clients.schedule import CLAIMED, SECONDS
from tests.bench.process import ROOT, Job, Process, environment

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON",
    },
}


def run(rounds: int) -> None:
    claims, work = [], []
    with tempfile.TemporaryDirectory() as folder, _registry() as job:
        databases = {"SQLite": ({**SQLITE, "NAME": str(Path(folder) / "db.sqlite3")}, (1,))}
        if url := os.environ.get("TEST_DATABASE_URL"):
            databases["PostgreSQL"] = (dict(dj_database_url.parse(url)), (1, 2, 4))
        for name, (database, workers) in databases.items():
            with Process("schedule", job, database=database) as process:
                process.run("migrate")
                for fill in ("fill_little", "fill_much"):
                    process.run(fill)
                    seconds = process.run("claim").answer
                    claims.append((name, fill, table.milliseconds(seconds)))
                print(process.run("explain").answer)
                work += [(name, *_work(process, job, database, count)) for count in workers]
    table.show(
        f"Claiming the next {CLAIMED} of 1,000 and of 100,000 rows that are due: milliseconds",
        ("database", "rows", "wall"),
        claims,
    )
    table.show(
        f"run_checks for {SECONDS} s, 100,000 rows due on 40 hosts that answer at once",
        ("database", "workers", "checks/s", "database's share", "CPU ms a check", "twice"),
        work,
    )


def _work(process: Process, job: Job, database: dict[str, Any], workers: int) -> tuple[str, ...]:
    process.run("fill_much")
    with ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
        started = [
            stack.enter_context(Process("schedule", job, database=database)) for _ in range(workers)
        ]
        figures = list(pool.map(lambda each: each.run("work"), started))
    counts = process.run("counts").answer
    wall, checks = max(each.wall for each in figures), counts["checks"]
    share = sum(each.answer["database"] for each in figures) / sum(each.wall for each in figures)
    cpu = sum(each.cpu for each in figures) / checks
    told = (f"{checks / wall:.0f}", f"{share:.0%}", f"{cpu * 1000:.1f}", str(counts["twice"]))
    return (str(workers), *told)


@contextmanager
def _registry() -> Iterator[Job]:
    command = [sys.executable, "-m", "tests.bench.instant"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield Job(f"http://127.0.0.1:{server.stdout.readline().strip()}")
        finally:
            server.terminate()
