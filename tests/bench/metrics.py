"""`/metrics` with few registries and with many, with and without series for each of them."""

from tests.bench import table
from tests.bench.process import Job, Process
from tests.bench.size import size

LENGTHS = (size(100, 10), size(10_000, 20))


def run(rounds: int) -> None:
    lines = []
    for rows in LENGTHS:
        with Process("metrics", Job(""), rows=rows) as process:
            for name in ("everything", "without_rows"):
                process.run(name)  # compiles, connects
                samples = [process.run(name) for _ in range(rounds)]
                told = samples[0].answer
                lines.append(
                    (
                        *(str(rows), name, str(told["series"]), f"{told['bytes'] / 1000:.0f}"),
                        table.milliseconds(sample.wall for sample in samples),
                        *(
                            table.milliseconds(sample.cpu for sample in samples),
                            str(told["queries"]),
                        ),
                        table.whole([samples[-1].rss]),
                    )
                )
    table.show(
        "One request for /metrics: milliseconds, and all queries, those of the sign-in included",
        ("rows", "what", "series", "kB", "wall", "CPU", "queries", "MB"),
        lines,
    )
