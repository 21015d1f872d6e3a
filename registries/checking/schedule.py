"""When a row is checked again."""

import math

from registries.models import Registry
from registries.models.results import CheckResult
from registries.verdicts import Verdict

DAY = 24 * 60 * 60
# Asking a registry that fails this way again and again helps nobody, and may lock an account.
FAILED = frozenset(
    {Verdict.REJECTED, Verdict.UNREACHABLE, Verdict.MISCONFIGURED, Verdict.THROTTLED}
)
# More make no difference.
MOST_FAILURES = 100


def failures_after(registry: Registry, result: CheckResult) -> int:
    """Return how many checks in a row have failed, this one included."""
    return min(registry.failures + 1, MOST_FAILURES) if result.verdict in FAILED else 0


def next_check(registry: Registry, result: CheckResult, now: float) -> int | None:
    """Return when to check a row again after a check: seconds since 1970, or None for never.

    now: seconds since 1970. Each row has its own second in the period, so that rows which were
    checked together do not come together again. While a row fails, the time doubles, up to a day.
    The registry may have asked for a longer pause.
    """
    period = registry.period
    if not period:
        return None
    doubled = period << max(failures_after(registry, result) - 1, 0)
    wait = max(period, min(doubled, DAY - period // 2))
    # The row's second that is nearest to when the wait is over.
    earliest = math.ceil(now + wait - period / 2)
    due: int = earliest + (registry.uid.int - earliest) % period
    return max(due, math.ceil(result.retry_at.timestamp())) if result.retry_at else due
