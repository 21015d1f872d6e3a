"""Figures as a table on the terminal, each a median."""

from collections.abc import Iterable, Sequence
from statistics import median


def show(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}\n")
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        cells = " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {cells} |", flush=True)


def seconds(samples: Iterable[float]) -> str:
    return f"{median(samples):.3f}"


def milliseconds(samples: Iterable[float]) -> str:
    return f"{median(samples) * 1000:.1f}"


def ratio(samples: Iterable[float], floor: Iterable[float]) -> str:
    """How many times the floor, median to median."""
    return f"{median(samples) / median(floor):.2f}"


def number(samples: Iterable[float]) -> str:
    return f"{median(samples):.2f}"


def whole(samples: Iterable[float]) -> str:
    return f"{median(samples):.0f}"
