"""Checking 100 registries of which 10 never answer: `services.check_many`."""

import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.bench import table
from tests.bench.process import Figures, Job, Process
from tests.bench.registry import ACCOUNT
from tests.bench.size import size
from tests.real.servers import Htpasswd, RealRegistry

TIMEOUT = float(size(5, 1))
ROWS, HANGING = size(100, 10), size(10, 1)


def run(rounds: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        good = stack.enter_context(RealRegistry(folder, Htpasswd(ACCOUNT))).origin
        # The kernel takes the connection, and nobody ever reads from it.
        hanging = []
        for _ in range(HANGING):
            silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            hanging.append(f"http://127.0.0.1:{silent.getsockname()[1]}")
        answering = [good] * (ROWS - HANGING)
        step = ROWS // HANGING
        spread = [hanging[n // step] if n % step == 0 else good for n in range(ROWS)]
        orders = {
            "none hang": [good] * ROWS,
            "the first 10 hang": hanging + answering,
            "each tenth hangs": spread,
            "the last 10 hang": answering + hanging,
        }
        rows = []
        for name, origins in orders.items():
            runs = [_run(good, origins) for _ in range(rounds)]
            walls = [figures.wall for figures in runs]
            codes = runs[0].answer
            text = ", ".join(f"{count} {code}" for code, count in sorted(codes.items()))
            cpu = table.seconds(figures.cpu for figures in runs)
            rows.append((name, table.seconds(walls), f"{max(walls):.3f}", cpu, text))
    table.show(
        f"check_many over {ROWS} registries, TIMEOUT {TIMEOUT:g}",
        ("order", "wall s", "at most", "CPU s", "results"),
        rows,
    )


def _run(origin: str, origins: list[str]) -> Figures:
    job = Job(origin, username=ACCOUNT.username, password=ACCOUNT.password)
    with Process("checks", job, origins=origins, timeout=TIMEOUT) as process:
        return process.run("check_many")
