"""When a row is checked again."""

import math

from registries import conf
from registries.conf import DAY
from registries.models import Health, Registry
from registries.models.results import FINE, CheckResult
from registries.verdicts import Verdict

# Asking a registry that fails this way again and again helps nobody, and may lock an account.
FAILED = frozenset(
    {Verdict.REJECTED, Verdict.UNREACHABLE, Verdict.MISCONFIGURED, Verdict.THROTTLED}
)
# More make no difference.
MOST_FAILURES = 100
# Seconds after which a check is repeated whose result would be a change of state.
SOON = 5 * 60


def failures_after(registry: Registry, result: CheckResult) -> int:
    """Return how many checks in a row have failed, this one included."""
    return one_more_failure(registry) if result.verdict in FAILED else 0


def one_more_failure(registry: Registry) -> int:
    """Return how many checks in a row have failed, if one more did."""
    return min(registry.failures + 1, MOST_FAILURES)


def next_check(registry: Registry, result: CheckResult, now: float) -> int | None:
    """Return when to check a row again after a check: seconds since 1970, or None for never.

    now: seconds since 1970. The registry may have asked for a longer pause.
    """
    due = after_failures(registry, failures_after(registry, result), now)
    if due is not None and _is_unconfirmed(registry, result):
        due = min(due, math.ceil(now + SOON))
    if due is None or result.retry_at is None:
        return due
    return max(due, math.ceil(result.retry_at.timestamp()))


def _is_unconfirmed(registry: Registry, result: CheckResult) -> bool:
    """Whether a check would change the row's state, and too few in a row have said so yet.

    So a row gets at most `CONFIRM_CHECKS` - 1 checks early. That a new row is fine is no news.
    """
    state = Health.FINE if result.is_fine else Health.ATTENTION
    if registry.health == state or (result.is_fine and not registry.health):
        return False
    earlier = registry.check_verdict
    is_same = bool(earlier) and (earlier in FINE) == result.is_fine
    in_row = registry.checks_in_row + 1 if is_same else 1
    return in_row < conf.get().confirm_checks


def after_failures(registry: Registry, failures: int, now: float) -> int | None:
    """Return when to check a row again after so many failures in a row, as `next_check` does.

    Each row has its own second in the period, so that rows which were
    checked together do not come together again. While a row fails, the time doubles, up to a day.
    """
    period = registry.period
    if not period:
        return None
    doubled = period << max(failures - 1, 0)
    wait = max(period, min(doubled, DAY - period // 2))
    # The row's second that is nearest to when the wait is over.
    earliest = math.ceil(now + wait - period / 2)
    due: int = earliest + (registry.uid.int - earliest) % period
    return due
