"""Checks of rows: run side by side, each row by one at a time, and kept where they belong."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings as site
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from registries import conf
from registries.client.errors import ClientError
from registries.connecting import client_for
from registries.models import Check, Registry
from registries.reference import Reference
from registries.results import CheckResult
from registries.turns import Turn
from registries.verdicts import Stranger, Verdict

if TYPE_CHECKING:
    from registries.client.client import Pulls

# Seconds between two looks at a row that somebody else is checking.
LOOK_AGAIN = 0.05


@dataclass(frozen=True, slots=True)
class _Checked:
    """A check that ran, and how long it took."""

    result: CheckResult
    pulls: Pulls | None
    stranger: Stranger | None
    seconds: float


def run_checks(
    wanted: Sequence[tuple[Registry, Reference | None]],
) -> Iterator[tuple[int, CheckResult]]:
    """Check each in its turn; the place in `wanted` and the result, as each ends.

    Those that did not answer last time come first: they may take the longest.
    """
    settings = conf.get()
    turns = [Turn(row, settings.timeout, shares=reference is None) for row, reference in wanted]
    answered = [row.check_verdict != Verdict.UNREACHABLE for row, _reference in wanted]
    waiting = deque(sorted(enumerate(turns), key=lambda each: answered[each[0]]))
    running: dict[Future[_Checked], tuple[int, Turn]] = {}
    # Threads only talk to registries; the database is read and written here.
    with ThreadPoolExecutor(min(settings.check_workers, len(wanted) or 1)) as pool:
        while waiting or running:
            for _each in range(len(waiting)):
                if len(running) == settings.check_workers:
                    break
                number, turn = waiting.popleft()
                if turn.has_come():
                    row, reference = wanted[number]
                    checking = pool.submit(_run_check, row, reference, _remembered(row))
                    running[checking] = (number, turn)
                elif turn.result:
                    yield number, turn.result
                else:
                    waiting.append((number, turn))
            if waiting and not running:
                time.sleep(LOOK_AGAIN)
            for future in wait(running, LOOK_AGAIN, FIRST_COMPLETED).done:
                number, turn = running.pop(future)
                try:
                    _store(wanted[number][0], future.result())
                finally:
                    turn.end()
                yield number, future.result().result


@sensitive_variables()
def _run_check(
    registry: Registry, reference: Reference | None, stranger: Stranger | None
) -> _Checked:
    started = time.monotonic()
    pulls = None
    try:
        with client_for(registry, reference.match_host if reference else None) as client:
            image = (reference.repository, reference.version) if reference else ()
            may_invent = conf.get().prove_with_stranger
            outcome = client.check(*image, stranger=stranger, may_invent=may_invent)
        pulls, stranger = outcome.pulls, outcome.stranger
        verdict, code = outcome.verdict, outcome.code
        if verdict is Verdict.ANONYMOUS and registry.state == "authenticated":
            # A host that is read without the row's credentials says nothing of them.
            verdict, code = Verdict.UNPROVEN, "no_proof"
        result = CheckResult(
            verdict,
            code,
            timezone.now(),
            outcome.params,
            _as_stored(outcome.retry_at),
            outcome.steps,
        )
    except ClientError as error:
        verdict = error.verdict or Verdict.MISCONFIGURED
        result = CheckResult(verdict, error.code, timezone.now(), error.params)
    return _Checked(result, pulls, stranger, time.monotonic() - started)


def _remembered(registry: Registry) -> Stranger | None:
    """What is known of an invented account; nothing for credentials that are not stored."""
    if registry._state.adding or registry.changed():
        return None
    # A later version of the app may have stored what this one does not know.
    known = registry.stranger in set(Stranger)
    return Stranger(registry.stranger) if known else None


def _as_stored(moment: datetime | None) -> datetime | None:
    """A time as the site's models hold it: local, where USE_TZ is off."""
    if moment is None or site.USE_TZ:
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())


def _store(registry: Registry, checked: _Checked) -> None:
    """Keep a result on the row it was made for, never on one that changed meanwhile."""
    if registry.pk is None or registry.changed():
        return
    result, pulls = checked.result, checked.pulls
    columns = {
        "check_verdict": result.verdict.value,
        "check_code": result.code,
        "check_params": dict(result.params),
        "checked_at": result.checked_at,
        "retry_at": result.retry_at,
        "pulls_remaining": pulls.remaining if pulls else None,
        "pulls_limit": pulls.limit if pulls else None,
        "stranger": checked.stranger or "",
    }
    using = registry.written_to
    rows = Registry.objects.using(using).filter(pk=registry.pk, version=registry.version)
    history = Check.objects.using(using).filter(registry=registry)
    # Together: whoever deletes the row meanwhile comes before its history grows, or after.
    with transaction.atomic(using=using):
        if not rows.update(**columns):
            return
        history.create(
            registry=registry,
            verdict=result.verdict.value,
            code=result.code,
            params=dict(result.params),
            checked_at=result.checked_at,
            seconds=checked.seconds,
        )
        past = history.values_list("pk", flat=True)[Check.KEPT :]
        history.filter(pk__in=list(past)).delete()
    for name, value in columns.items():
        setattr(registry, name, value)
