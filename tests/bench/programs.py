"""The credential helper: a `get`, beside its start alone, curl, and a helper that keeps secrets."""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which
from statistics import median

from registries.programs.credentials import HELPER
from tests.bench import table
from tests.bench.process import ROOT
from tests.bench.size import size
from tests.real.consumers import served

# Starts are short and vary, so a round has several.
STARTS = size(10, 1)
HOST = "ghcr.io"
ROW = {"kind": "ghcr", "name": "bench", "username": "johndoe", "token": "fake-token"}
# As the wheel's entry point: compiled once, and kept.
INSTALLED = "import sys; from registries.programs.credentials import helper; sys.exit(helper())"
FLOOR, OTHER = "python -c pass", "docker-credential-pass get"


def run(rounds: int) -> None:
    """Print the wall time and CPU of a `get` by each of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder, [ROW], "locmem://") as site:
            environment = {**site.environment, "PYTHONPATH": str(ROOT)}
            (folder / "header").write_text(f"Authorization: Bearer {site.token}\n")
            args = ["-fsS", "--cacert", str(folder / "authority.pem"), "-H", f"@{folder}/header"]
            data = ["-d", f"host={HOST}", "-d", "form=helper"]
            commands = {
                FLOOR: [sys.executable, "-c", "pass"],
                f"{HELPER} version": [str(folder / HELPER), "version"],
                f"{HELPER} get, one file": [str(folder / HELPER), "get"],
                f"{HELPER} get, from the wheel": [sys.executable, "-c", INSTALLED, "get"],
                "curl": ["curl", *args, *data, f"{site.visitor.origin}/api/handover/"],
            }
            if prepare(environment, folder):
                commands[OTHER] = ["docker-credential-pass", "get"]
            samples: dict[str, list[tuple[float, float]]] = defaultdict(list)
            for command in commands.values():
                measure(command, environment)  # compiles, connects
            for _ in range(rounds * STARTS):
                for item in random.sample(list(commands), len(commands)):
                    samples[item].append(measure(commands[item], environment))
    floor = [median(column) for column in zip(*samples[FLOOR], strict=True)]
    rows = []
    for name in commands:
        walls, cpus = zip(*samples[name], strict=True)
        beyond = table.milliseconds([median(cpus) - floor[1]])
        rows.append((name, table.milliseconds(walls), table.milliseconds(cpus), beyond))
    head = ("command", "wall ms", "CPU ms", "CPU beyond the first")
    table.show(f"A credential for one host, {rounds * STARTS} times each", head, rows)


def measure(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a command that has to succeed; its seconds of wall time and of processor time."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, input=b"ghcr.io", stdout=subprocess.PIPE, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepare(environment: dict[str, str], folder: Path) -> bool:
    """Give `docker-credential-pass` a key and a password to find, where it is installed."""
    programs = ("docker-credential-pass", "pass", "gpg")
    if lacking := [program for program in programs if which(program) is None]:
        print(f"\n{OTHER} is left out: no {' and no '.join(lacking)}.")
        return False
    home = folder / "gpg"
    home.mkdir(mode=0o700)
    environment |= {"GNUPGHOME": str(home), "PASSWORD_STORE_DIR": str(folder / "pass")}
    key = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "bench"]
    secret = json.dumps({"ServerURL": HOST, "Username": "johndoe", "Secret": "fake-token"})
    for command, args in (
        (key, ""),
        (["pass", "init", "bench"], ""),
        (["docker-credential-pass", "store"], secret),
    ):
        subprocess.run(
            command,
            env={**os.environ, **environment},
            input=args,
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    return True
