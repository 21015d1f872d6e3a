"""`run_checks` while its processes are killed at random: what is lost, and what is done twice.

On SQLite, or on PostgreSQL if `tests/with-postgres` starts it.
"""

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import dj_database_url

from tests.bench import table
from tests.bench.clients.schedule import PERIOD
from tests.bench.process import Job, Process
from tests.bench.schedule import SQLITE
from tests.bench.size import size
from tests.fakes.counting import Counting
from tests.fakes.server import FakeServer

SECONDS, WORKERS = size(180, 4), 4


def run(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database: dict[str, Any] = {**SQLITE, "NAME": str(Path(folder) / "db.sqlite3")}
        if url := os.environ.get("TEST_DATABASE_URL"):
            database = dict(dj_database_url.parse(url))
        registry = Counting(lambda: time.sleep(0.02) or 200)
        with FakeServer(registry) as server:
            _run(registry, Job(server.origin), database)


def _run(registry: Counting, job: Job, database: dict[str, Any]) -> None:
    kills = 0
    with Process("schedule", job, database=database) as process:
        process.run("migrate")
        process.run("add_accounts")
        workers = [_worker(job, database) for _ in range(WORKERS)]
        try:
            with registry.changed:
                registry.changed.wait_for(lambda: registry.most["all"] > 0, 120)
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                time.sleep(random.uniform(0.5, 2))
                workers.pop(random.randrange(len(workers))).kill()
                kills += 1
                workers.append(_worker(job, database))
            last_kill = time.time()
            time.sleep(2 * PERIOD)
            answer = process.run("waits").answer
        finally:
            for worker in workers:
                worker.kill()
    at_once = registry.most.pop("all")
    table.show(
        f"{WORKERS} run_checks, one of which is killed every second or so for {SECONDS} s",
        ("kills", "checks", "longest wait s", "period s", "at once: a row", "a host", "unchecked"),
        [
            (
                str(kills),
                str(answer["checks"]),
                f"{answer['longest']:.1f}",
                str(PERIOD),
                str(max(registry.most.values())),
                str(at_once),
                str(sum(checked_at < last_kill for checked_at in answer["last"])),
            )
        ],
    )


def _worker(job: Job, database: dict[str, Any]) -> Process:
    worker = Process("schedule", job, database=database)
    worker.start("work_for_ever")
    return worker
