"""Registries as code: a file of 10,000 rows, applied to SQLite."""

from tests.bench import table
from tests.bench.process import Job, Process
from tests.bench.size import size

ROWS = size(10_000, 20)
STEPS = {
    "plan": "plan of the first run",
    "first": "first run: all are added",
    "again": "again: nothing changes",
    "change": "one variable of each changes",
    "prune": "half of them are pruned",
}


def run(_rounds: int) -> None:
    """Print what each run takes, once: each of them changes the database for the next."""
    lines = []
    with Process("provisioning", Job(""), rows=ROWS) as process:
        before = process.run("loaded").rss
        for step, title in STEPS.items():
            figures = process.run(step)
            cells = (f"{figures.wall:.1f}", f"{figures.cpu:.1f}", f"{figures.rss - before:.0f}")
            lines.append((title, str(figures.answer), *cells))
    head = ("run", "changes", "wall s", "CPU s", "MB more at most")
    table.show(f"apply_registries with a file of {ROWS} registries, on SQLite", head, lines)
