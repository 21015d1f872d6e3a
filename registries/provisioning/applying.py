"""Applies a file: all of it in one transaction, or nothing.

Whoever applies a source takes its turn by a lock on the source's row, which the database releases
when the transaction ends, however that happens.
"""

import logging
from collections import Counter

from django.db import (
    IntegrityError,
    OperationalError,
    connections,
    router,
    transaction,
)
from django.db.models import ProtectedError, RestrictedError
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from registries.models import ChangedMeanwhile, Registry, Source, SourceChange
from registries.models.conflicts import CONFLICT, codes_of
from registries.models.queryset import SECRETS, TRUST
from registries.models.resetting import reset
from registries.models.source import SourceAction
from registries.provisioning.applied import Values, as_applied
from registries.provisioning.document import Document
from registries.provisioning.faults import Busy, Fault, NotApplied, Place
from registries.provisioning.planning import (
    IDLE,
    Action,
    Options,
    Pending,
    Plan,
    Planner,
    Step,
    plan,
)

logger = logging.getLogger(__name__)

# How often it is begun anew if somebody else saves one of the rows meanwhile.
TRIES = 3
# Seconds that PostgreSQL waits for another who applies the same source, or edits its rows. SQLite
# and MariaDB wait as long as the site's settings say.
WAIT = 60
# How PostgreSQL, MariaDB and SQLite say that somebody waited too long for a lock.
TIMED_OUT, LOCKED = {"55P03", 1205}, "database is locked"
RECORDED = {
    Action.CREATE: SourceAction.CREATED,
    Action.CHANGE: SourceAction.CHANGED,
    Action.DRIFT: SourceAction.CHANGED,
    Action.ADOPT: SourceAction.ADOPTED,
    Action.DELETE: SourceAction.DELETED,
    Action.RESET: SourceAction.RESET,
}


@sensitive_variables()
def apply(document: Document, options: Options) -> Plan:
    """Make the rows what is declared, and return what was done.

    Raises NotApplied if something is wrong, and Busy if others write the same rows all the time.
    """
    planned = plan(document, options)
    if not planned.changes and not any(step.is_unrecorded for step in planned.steps):
        return planned
    for _try in range(TRIES):
        try:
            steps = _write(document, options)
        except (ChangedMeanwhile, IntegrityError):
            continue
        except OperationalError as error:
            codes = codes_of(error)
            if codes & TIMED_OUT or LOCKED in str(error):
                break
            if not codes & CONFLICT:
                raise
            continue
        _log(document.source, steps)
        return Plan(document.source, tuple(steps))
    raise Busy(f"Others were writing the registries of “{document.source}” all the time.")


@sensitive_variables()
def _write(document: Document, options: Options) -> list[Step]:
    using = router.db_for_write(Registry)
    # In a transaction of its own: in MariaDB, two that add it would wait for each other.
    source = Source(name=document.source, applied_at=timezone.now())
    Source.objects.using(using).bulk_create([source], ignore_conflicts=True)
    with transaction.atomic(using=using):
        _take_turn(document.source, using)
        # What was planned before may be done already.
        planner = Planner(document, options)
        steps = planner.pruning()
        planner.raise_faults()
        changes = [change for step in steps if (change := _prune(step, document.source))]
        SourceChange.objects.using(using).bulk_create(changes)
        for batch in planner.batches():
            planner.raise_faults()
            steps += [pending.step for pending in batch]
            changes = [change for pending in batch if (change := _save(pending, document.source))]
            SourceChange.objects.using(using).bulk_create(changes)
        planner.raise_faults()
    return steps


def _take_turn(source: str, using: str) -> None:
    """Lock the source's row until the transaction ends; on SQLite, the database."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{WAIT}s'")
    Source.objects.using(using).filter(name=source).update(applied_at=timezone.now())


@sensitive_variables()
def _save(pending: Pending, source: str) -> SourceChange | None:
    if pending.step.action in IDLE:
        if pending.stored is not None and pending.step.is_unrecorded:
            _record(pending.stored, pending.values)
        return None
    row = pending.stored or pending.target
    if pending.stored is not None:
        _take_over(row, pending.target, pending.step.fields)
    row.source = source
    # What the file says is of the secrets that it names, though the day is the same as before.
    row.is_end_stated = "expires_on" in pending.values
    row.applied = as_applied(row, pending.values)
    row.save()
    pending.step.pk = row.pk
    return _change(row, source, pending.step)


@sensitive_variables()
def _record(row: Registry, values: Values) -> None:
    """Store what the file names by now. The row is as it was, so its version and check stay."""
    rows = Registry.objects.using(router.db_for_write(Registry))
    unchanged = rows.filter(pk=row.pk, version=row.version)
    if not unchanged.update(applied=as_applied(row, values)):
        raise ChangedMeanwhile


@sensitive_variables()
def _take_over(row: Registry, target: Registry, fields: tuple[str, ...]) -> None:
    """Give a stored row what differs, and all its secrets anew if others would receive them."""
    taken = set(fields)
    if taken.intersection((*TRUST, *row.declaration.address)):
        taken.update(row.declaration.secrets)
    for name in taken:
        value = target.raw_value(name)
        setattr(row, name, value.reveal() if name in SECRETS and value else value)


def _prune(step: Step, source: str) -> SourceChange | None:
    if step.action in IDLE or step.pk is None:
        return None
    rows = Registry.objects.using(router.db_for_write(Registry)).select_for_update()
    row = rows.filter(pk=step.pk, source=source).first()
    if row is None:
        raise ChangedMeanwhile  # released or deleted since it was planned
    if step.action is Action.RESET:
        row.source, row.applied = "", None
        reset(row)
        return _change(row, source, step)
    try:
        row.delete()
    except (ProtectedError, RestrictedError):
        fault = Fault(Place(""), f"“{row.name}” cannot be pruned: other rows of the site need it.")
    else:
        return _change(None, source, step)
    raise NotApplied([fault])


def _change(row: Registry | None, source: str, step: Step) -> SourceChange:
    return SourceChange(
        registry=row,
        registry_name=step.name,
        source=source,
        action=RECORDED[step.action],
        fields=",".join(step.fields),
    )


def _log(source: str, steps: list[Step]) -> None:
    counts = Counter(RECORDED[step.action].value for step in steps if step.action not in IDLE)
    summary = ", ".join(f"{count} {action}" for action, count in counts.items())
    logger.info("Applied the file %s: %s", source, summary)
    for step in steps:
        if step.action is Action.DELETE:  # with its history
            logger.info("Deleted %r, which the file %s no longer declares", step.name, source)


def release(row: Registry) -> None:
    """Let people change a row again that a file owns; the file that owned it no longer does.

    Raises ChangedMeanwhile.
    """
    row.source, row.applied = "", None
    row.save()
