"""`run_checks` for a long time, in two processes with notifications: what grows.

On SQLite, or on PostgreSQL if `tests/with-postgres` starts it: `tests/with-postgres make bench
BENCH="soak --minutes 30"`.
"""

import json
import os
import re
import secrets
import tempfile
import time
from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dj_database_url

from tests.bench import table
from tests.bench.clients.soak import PASSWORD
from tests.bench.process import Job, Process
from tests.bench.schedule import SQLITE
from tests.bench.size import minutes, size
from tests.fakes.server import FakeServer, Reply, Request

WORKERS, SAMPLES = 2, 12
# Seconds that a host fails, and then is fine again.
PHASE = size(60, 2)


class Registry:
    """A registry with tokens of a minute, that fails every other minute if `is_shaky`."""

    def __init__(self, *, is_shaky: bool) -> None:
        self._is_shaky, self.requests = is_shaky, 0

    def __call__(self, request: Request) -> Reply:
        self.requests += 1
        if self._is_shaky and int(time.monotonic() / PHASE) % 2:
            return Reply(503, b"{}")
        if request.path == "/token":
            is_known = request.basic and request.basic[1] == PASSWORD
            token = {"token": secrets.token_hex(16), "expires_in": 60}
            return Reply(200 if is_known else 401, json.dumps(token).encode())
        if (request.authorization or "").startswith("Bearer"):
            return Reply(200, b"{}")
        realm = f'Bearer realm="http://{request.headers["Host"]}/token",service="fake"'
        return Reply(401, b"{}", {"WWW-Authenticate": realm})


def run(rounds: int) -> None:
    seconds = minutes() * 60
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        database: dict[str, Any] = {**SQLITE, "NAME": str(Path(folder) / "db.sqlite3")}
        if url := os.environ.get("TEST_DATABASE_URL"):
            database = dict(dj_database_url.parse(url))
        registries = [Registry(is_shaky=False), Registry(is_shaky=True)]
        servers = [stack.enter_context(FakeServer(registry)) for registry in registries]
        hook = stack.enter_context(FakeServer(lambda _request: Reply(204, b"")))
        options = {
            "database": database,
            "origins": [server.origin for server in servers],
            "webhook": f"{hook.origin}/hook#whsec_{b64encode(secrets.token_bytes(32)).decode()}",
        }
        job = Job(servers[0].origin)
        observer = stack.enter_context(Process("soak", job, **options))
        observer.run("migrate")
        observer.run("add_rows")
        workers = [stack.enter_context(Process("soak", job, **options)) for _ in range(WORKERS)]
        for worker in workers:
            worker.start("run")
        rows, start = [], time.monotonic()
        for number in range(1, SAMPLES + 1):
            time.sleep(max(0.0, start + number * seconds / SAMPLES - time.monotonic()))
            seen = observer.run("sample").answer
            rows.append(
                (
                    f"{(time.monotonic() - start) / 60:.1f}",
                    str(sum(registry.requests for registry in registries)),
                    *(" + ".join(each) for each in zip(*map(_measured, workers), strict=True)),
                    str(seen["connections"] or "-"),
                    f"{seen['overdue']:.0f}",
                    f"{seen['messages']} / {len(hook.requests)}",
                )
            )
        for worker in workers:
            worker.stop()
    head = ("minutes", "requests", "RSS MB", "threads", "descriptors")
    table.show(
        f"{WORKERS} run_checks with notifications, for {minutes():g} minutes",
        (*head, "connections", "overdue s", "messages made / delivered"),
        rows,
    )


def _measured(worker: Process) -> tuple[str, str, str]:
    """The memory in MB, the threads and the open descriptors of a process now."""
    folder = Path(f"/proc/{worker.pid}")
    status = (folder / "status").read_text()
    rss = re.search(r"VmRSS:\s+(\d+)", status)
    threads = re.search(r"Threads:\s+(\d+)", status)
    assert rss is not None
    assert threads is not None
    return f"{int(rss[1]) / 1024:.1f}", threads[1], str(len(list((folder / "fd").iterdir())))
