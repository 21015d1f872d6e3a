"""Start-up: what the app adds to `django.setup()`, and what the first sign-in of a kind loads."""

import json
import random
import subprocess
import sys
from collections import defaultdict
from statistics import median

import trustme

from registries.kinds import KINDS
from tests.bench import table
from tests.bench.process import ROOT, Job, Process, environment
from tests.bench.size import size
from tests.client.test_conformance import CASES
from tests.fakes.images import PUBLIC
from tests.fakes.ledger import Ledger
from tests.fakes.world import World
from tests.kinds.facts.base import Case

# Starts are short and vary, so a round has several.
STARTS = size(10, 1)
# What the app would stand beside anyway: the library of its encrypted fields loads cryptography.
START = """
import resource, time
wall, cpu = time.perf_counter(), time.process_time()
import django
from django.conf import settings
if not {app}:
    # The second one's rows refer to the app's.
    for name in ("registries", "tests.neighbour"):
        settings.INSTALLED_APPS.remove(name)
django.setup()
import encrypted_model_fields.fields
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
from pathlib import Path
pages = int(Path("/proc/self/statm").read_text().split()[1])
print("[%f, %f, %f]" % (wall, cpu, pages * resource.getpagesize() / 2**20))
"""
BARE, FULL = "DRF and django-encrypted-model-fields", "the same and registries"


def run(rounds: int) -> None:
    setup(rounds)
    sign_in()


def setup(rounds: int) -> None:
    """Print what `django.setup()` takes with and without the app."""
    codes = {BARE: START.format(app=False), FULL: START.format(app=True)}
    for code in codes.values():
        _start(code)  # compiles what is not compiled yet
    samples: dict[str, list[list[float]]] = defaultdict(list)
    for _ in range(rounds * STARTS):
        for name in random.sample(list(codes), len(codes)):
            samples[name].append(_start(codes[name]))
    rows = []
    for kind, choose in (("median", median), ("least", min)):
        bare, full = (
            [choose(column) for column in zip(*samples[name], strict=True)] for name in codes
        )
        added = [more - less for less, more in zip(bare, full, strict=True)]
        for name, figures in ((BARE, bare), (FULL, full), ("added", added)):
            wall, cpu, memory = figures
            rows.append((kind, name, f"{wall * 1000:.0f}", f"{cpu * 1000:.0f}", f"{memory:.1f}"))
    title = f"django.setup() in a fresh process, {rounds * STARTS} starts of each"
    table.show(title, ("of all", "apps", "wall ms", "CPU ms", "MB"), rows)


def _start(code: str) -> list[float]:
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return list(json.loads(ran.stdout))


def sign_in() -> None:
    """Print what the first check of each kind loads, in a fresh process."""
    authority = trustme.CA()
    rows = [(name, *_first(case, authority)) for name, case in CASES.items()]
    head = ("the first check of a row", "wall ms", "MB", "loads")
    table.show("The first sign-in of a process, at a fake of the registry", head, rows)


def _first(case: Case, authority: trustme.CA) -> tuple[str, str, str]:
    family = case.family(Ledger())
    with World.of(family, authority) as world:
        values = case.values(family.right)
        needs_image = KINDS[case.kind].home(values) is None and "url" not in values
        options = {
            "row": {"kind": case.kind, "prefix": case.prefix, **values},
            "endpoints": {origin: server.origin for origin, server in world.servers.items()},
            "certificate": authority.cert_pem.bytes().decode(),
            "image": f"{case.host}/{PUBLIC}:v1" if needs_image else None,
        }
        with Process("sign_in", Job(""), **options) as process:
            before = process.run("loaded").rss
            figures = process.run("check")
            loaded = process.run("loaded")
    if figures.answer != "signed_in":
        raise ValueError(f"{case.kind}: {figures.answer}")
    added = loaded.rss - before
    return f"{figures.wall * 1000:.0f}", f"{added:.0f}", ", ".join(loaded.answer)
