"""How many checks of a row were fine, unsure and failed on each of the last days.

A row keeps only its newest checks, but these numbers for 30 days: `{"2030-01-31": [4, 0, 1]}`. Days
are those of the site's time zone.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from registries.models.results import FINE
from registries.verdicts import Verdict

# How many days are kept.
DAYS = 30
UNSURE = frozenset({Verdict.UNPROVEN, Verdict.THROTTLED})
# Fine, unsure, failed.
Counts = tuple[int, int, int]
Days = Mapping[str, list[int]]
NONE: Counts = (0, 0, 0)


def with_check(days: Days | None, verdict: str, day: date) -> Days:
    """Return the days of a row with one check more; those that are over are left out."""
    counts = list(counts_of(days, day))
    counts[_column(verdict)] += 1
    first = (day - timedelta(days=DAYS - 1)).isoformat()
    # In this form, texts are in the order of days.
    recent = {text: numbers for text, numbers in (days or {}).items() if text >= first}
    return {**recent, day.isoformat(): counts}


def counts_of(days: Days | None, day: date) -> Counts:
    """Return how many checks of a day were fine, unsure and failed."""
    match (days or {}).get(day.isoformat()):
        case [int(fine), int(unsure), int(failed)]:
            return fine, unsure, failed
    return NONE


def counted(checks: Iterable[tuple[date, str]]) -> Days:
    """Return the days of checks, each a day and a verdict."""
    days: dict[str, list[int]] = {}
    for day, verdict in checks:
        days.setdefault(day.isoformat(), list(NONE))[_column(verdict)] += 1
    return days


def availability(days: Iterable[Counts]) -> float | None:
    """Return the share of checks that were fine, from 0 to 1; None if that is unknown.

    Each day counts the same, so that a day on which somebody checked again and again does not
    outweigh the others. Unsure checks and days without checks are left out.
    """
    shares = [fine / (fine + failed) for fine, _unsure, failed in days if fine + failed]
    return sum(shares) / len(shares) if shares else None


def _column(verdict: str) -> int:
    return 0 if verdict in FINE else 1 if verdict in UNSURE else 2
