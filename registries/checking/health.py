"""Changes of state: a registry needs attention, or is fine again, once several checks said so."""

import logging
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from registries import conf, outbox, signals
from registries.models import Health, Registry
from registries.models.results import FINE, CheckResult

logger = logging.getLogger(__name__)

# More in a row make no difference.
MOST_IN_ROW = 1000


def counted(result: CheckResult) -> dict[str, Any]:
    """Return what counts a check: one more in a row, or the first that says something else.

    The database counts, because others may have checked the row since it was loaded. To be set
    before `check_verdict`, which MariaDB would otherwise compare after it was overwritten.
    """
    one_more = Case(
        When(checks_in_row__gte=MOST_IN_ROW, then=Value(MOST_IN_ROW)),
        default=F("checks_in_row") + 1,
    )
    was_fine = Q(check_verdict__in=[verdict.value for verdict in FINE])
    is_first = ~was_fine if result.is_fine else was_fine | Q(check_verdict="")
    return {"checks_in_row": Case(When(is_first, then=Value(1)), default=one_more)}


def confirm(registry: Registry, host: str, result: CheckResult, using: str) -> str | None:
    """Change the row's state, if enough checks in a row say so; return the new one, else None.

    In the transaction that stored the result. Of several workers, one changes it.
    """
    state = Health.FINE if result.is_fine else Health.ATTENTION
    if registry.health == state:
        return None
    rows = Registry._base_manager.using(using).filter(
        pk=registry.pk, checks_in_row__gte=conf.get().confirm_checks, health=registry.health
    )
    if not rows.update(health=state, health_since=result.checked_at):
        return None
    if registry.health or state == Health.ATTENTION:
        outbox.record_change(registry, host, state, result, using)
    return state


def announce(registry: Registry, state: str, result: CheckResult, using: str) -> None:
    """Set the row's new state, log it, and send the signal once the transaction is committed.

    That a new row is fine is no news.
    """
    previous, registry.health = registry.health, state
    registry.health_since = result.checked_at
    if not previous and state == Health.FINE:
        return
    tell = partial(_tell, registry, state, previous, result)
    transaction.on_commit(tell, using=using, robust=True)


def _tell(registry: Registry, state: str, previous: str, result: CheckResult) -> None:
    name = outbox.one_line(registry.name, 100)
    if state == Health.ATTENTION:
        logger.warning("Registry %s (%s) needs attention: %s", registry.pk, name, result.code)
    else:
        logger.info("Registry %s (%s) is fine again.", registry.pk, name)
    signals.state_changed.send_robust(
        Registry, registry=registry, state=state, previous=previous, result=result
    )
