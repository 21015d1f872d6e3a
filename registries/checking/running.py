"""Checks of rows: run side by side, each row by one at a time, and kept where they belong."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING

from django.conf import settings as site
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from registries import conf
from registries.checking.callers import Caller
from registries.checking.pools import Pool, shared
from registries.checking.turns import Turn
from registries.client.errors import ClientError
from registries.kinds import KINDS
from registries.models import Check, Registry, names
from registries.models.check import Trust
from registries.models.results import CheckResult
from registries.reference import Reference
from registries.row_client import addresses_of, client_for
from registries.verdicts import Stranger, Verdict

if TYPE_CHECKING:
    from registries.client.client import Pulls

# Seconds between two looks at a row that somebody else is checking.
LOOK_AGAIN = 0.05
# So few checks are done at once; more share the threads of the process.
FEW = 5


@dataclass(frozen=True, slots=True)
class _Checked:
    """A check that ran, and how long it took."""

    result: CheckResult
    pulls: Pulls | None
    stranger: Stranger | None
    seconds: float


Wanted = Sequence[tuple[Registry, Reference | None]]


def run_checks(
    wanted: Wanted, caller: Caller, stop: Event | None = None
) -> Iterator[tuple[int, CheckResult]]:
    """Check each in its turn; the place in `wanted` and the result, as each ends.

    Those that did not answer last time come first: they may take the longest. Once `stop` is set,
    or whoever asked has left, none is begun any more; those that were are kept all the same.
    """
    workers = conf.get().check_workers
    # Few have threads of their own, and so never wait for the many of somebody else.
    own = Pool(min(len(wanted) or 1, workers)) if len(wanted) <= FEW else None
    with own or nullcontext(shared(workers)) as places:
        yield from _Checks(wanted, caller, places, stop or Event()).run()


class _Checks:
    """Checks side by side. Threads only talk to registries; the database is used here."""

    def __init__(self, wanted: Wanted, caller: Caller, places: Pool, stop: Event) -> None:
        seconds = conf.get().timeout
        turns = [Turn(row, seconds, shares=reference is None) for row, reference in wanted]
        answered = [row.check_verdict != Verdict.UNREACHABLE for row, _reference in wanted]
        self._wanted, self._caller, self._places, self._stop = wanted, caller, places, stop
        self._waiting = deque(sorted(enumerate(turns), key=lambda each: answered[each[0]]))
        self._running: dict[Future[_Checked], tuple[int, Turn]] = {}

    def run(self) -> Iterator[tuple[int, CheckResult]]:
        try:
            while self._running or (self._waiting and not self._stop.is_set()):
                yield from self._begin()
                if not self._running:
                    time.sleep(LOOK_AGAIN if self._waiting else 0)
                for future in wait(self._running, LOOK_AGAIN, FIRST_COMPLETED).done:
                    yield self._finish(future)
        finally:
            for future in wait(self._running).done:
                self._finish(future)

    def _begin(self) -> Iterator[tuple[int, CheckResult]]:
        """Begin as many as there are places; the results that others got meanwhile.

        A check that has ended comes first: whoever waits for it may want no more of them.
        """
        for _each in range(len(self._waiting)):
            has_ended = any(future.done() for future in self._running)
            if has_ended or self._stop.is_set() or not self._places.take():
                return
            number, turn = self._waiting.popleft()
            if self._has_come(turn):
                row, reference = self._wanted[number]
                checking = self._places.run(_run_check, row, reference, _remembered(row))
                self._running[checking] = (number, turn)
            elif turn.result:
                yield number, turn.result
            else:
                self._waiting.append((number, turn))

    def _has_come(self, turn: Turn) -> bool:
        """Whether the turn has come; if not, the place that was taken for it is free again."""
        has_come = False
        try:
            has_come = turn.has_come()
        finally:
            if not has_come:
                self._places.give_back()
        return has_come

    def _finish(self, future: Future[_Checked]) -> tuple[int, CheckResult]:
        number, turn = self._running.pop(future)
        row, reference = self._wanted[number]
        try:
            host = reference.match_host if reference else None
            _store(row, host, future.result(), self._caller)
        finally:
            turn.end()
        return number, future.result().result


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


def _store(registry: Registry, host: str | None, checked: _Checked, caller: Caller) -> None:
    """Keep a result on the row it was made for, never on one that changed meanwhile.

    The audit has it in any case.
    """
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
    using = registry.db_for_write
    is_stored = not registry._state.adding and not registry.changed()
    row = Registry._base_manager.using(using).filter(pk=registry.pk)
    check = Check(
        registry_name=(registry.name or "")[: names.MAX_NAME],
        kind=registry.kind if registry.kind in KINDS else "",
        address=" ".join(addresses_of(registry, host)),
        trust=_trust(registry),
        verdict=result.verdict.value,
        code=result.code,
        params=dict(result.params),
        checked_at=result.checked_at,
        seconds=checked.seconds,
        origin=caller.origin,
        user_id=caller.user_id,
        user_name=caller.user_name,
    )
    # Together: whoever deletes the row meanwhile comes before its history grows, or after.
    with transaction.atomic(using=using):
        check.is_recent = is_stored and bool(row.filter(version=registry.version).update(**columns))
        # Of a row that is gone, or was never there, the name alone is kept.
        if not registry._state.adding and row.select_for_update().values_list("pk").first():
            check.registry_id = registry.pk
        check.keep(using)
    if check.is_recent:
        for name, value in columns.items():
            setattr(registry, name, value)


def _trust(registry: Registry) -> Trust:
    if (registry.raw_value("url") or "").lower().startswith("http:"):
        return Trust.HTTP
    if not registry.verify_tls:
        return Trust.UNVERIFIED
    return Trust.OWN_CA if registry.ca_certificate else Trust.VERIFIED
