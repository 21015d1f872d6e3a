"""Runs checks of several rows in parallel, and stores the results."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from registries import conf
from registries.checking.callers import Caller
from registries.checking.pools import Pool, shared
from registries.checking.turns import Turn
from registries.client.errors import ClientError
from registries.kinds import KINDS
from registries.models import Check, Registry, certificates, names
from registries.models.check import Trust
from registries.models.results import CheckResult
from registries.models.times import as_stored
from registries.reference import Reference
from registries.row_client import addresses_of, client_for
from registries.verdicts import Stranger, Verdict

if TYPE_CHECKING:
    from registries.client.client import Pulls

# Seconds between two attempts to check a row that somebody else is checking.
POLL_SECONDS = 0.05
# Groups of at most this many checks get threads of their own; larger ones share a pool.
SMALL_GROUP = 5


@dataclass(frozen=True, slots=True)
class _Checked:
    """The result of a check and what else is stored with it."""

    result: CheckResult
    pulls: Pulls | None
    stranger: Stranger | None
    seconds: float


Pairs = Sequence[tuple[Registry, Reference | None]]


def run_checks(
    pairs: Pairs, caller: Caller, stop: Event | None = None
) -> Iterator[tuple[int, CheckResult]]:
    """Check registries, and yield the index in `pairs` and the result as each check ends.

    Registries that did not answer last time come first, because they may take the longest. Once
    `stop` is set or the generator is closed, no more checks are started. Running ones are stored.
    """
    workers = conf.get().check_workers
    # A small group has its own threads, so that it never waits for a large one.
    own = Pool(min(len(pairs) or 1, workers)) if len(pairs) <= SMALL_GROUP else None
    with own or nullcontext(shared(workers)) as pool:
        yield from _Checks(pairs, caller, pool, stop or Event()).run()


class _Checks:
    """Parallel checks. The threads only call registries; this thread uses the database."""

    def __init__(self, pairs: Pairs, caller: Caller, pool: Pool, stop: Event) -> None:
        seconds = conf.get().timeout
        turns = [Turn(row, seconds, shares=reference is None) for row, reference in pairs]
        answered = [row.check_verdict != Verdict.UNREACHABLE for row, _reference in pairs]
        self._pairs, self._caller, self._pool, self._stop = pairs, caller, pool, stop
        self._waiting = deque(sorted(enumerate(turns), key=lambda item: answered[item[0]]))
        self._running: dict[Future[_Checked], tuple[int, Turn]] = {}

    def run(self) -> Iterator[tuple[int, CheckResult]]:
        try:
            while self._running or (self._waiting and not self._stop.is_set()):
                yield from self._start()
                if not self._running:
                    time.sleep(POLL_SECONDS if self._waiting else 0)
                for future in wait(self._running, POLL_SECONDS, FIRST_COMPLETED).done:
                    yield self._finish(future)
        finally:
            for future in wait(self._running).done:
                self._finish(future)

    def _start(self) -> Iterator[tuple[int, CheckResult]]:
        """Start as many checks as there are slots, and yield the results of other callers' checks.

        It returns as soon as a check has ended, because the caller may stop after its result.
        """
        for _ in range(len(self._waiting)):
            has_ended = any(future.done() for future in self._running)
            if has_ended or self._stop.is_set() or not self._pool.acquire():
                return
            number, turn = self._waiting.popleft()
            if self._may_start(turn):
                row, reference = self._pairs[number]
                checking = self._pool.run(_run_check, row, reference, _known_stranger(row))
                self._running[checking] = (number, turn)
            elif turn.result:
                yield number, turn.result
            else:
                self._waiting.append((number, turn))

    def _may_start(self, turn: Turn) -> bool:
        """Return whether the turn has come. If not, release the slot that was acquired for it."""
        has_come = False
        try:
            has_come = turn.has_come()
        finally:
            if not has_come:
                self._pool.release()
        return has_come

    def _finish(self, future: Future[_Checked]) -> tuple[int, CheckResult]:
        number, turn = self._running.pop(future)
        row, reference = self._pairs[number]
        try:
            host = reference.match_host if reference else None
            _store(row, host, future.result(), self._caller)
        finally:
            turn.release()
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
            # The host is read without the row's credentials, so nothing is proven about them.
            verdict, code = Verdict.UNPROVEN, "no_proof"
        result = CheckResult(
            verdict,
            code,
            timezone.now(),
            outcome.params,
            as_stored(outcome.retry_at),
            outcome.steps,
            registry.kind,
        )
    except ClientError as error:
        verdict = error.verdict or Verdict.MISCONFIGURED
        result = CheckResult(verdict, error.code, timezone.now(), error.params, kind=registry.kind)
    return _Checked(result, pulls, stranger, time.monotonic() - started)


def _known_stranger(registry: Registry) -> Stranger | None:
    """Return how the registry treats an invented account; None for credentials not yet saved."""
    if registry._state.adding or registry.changed():
        return None
    # A later version of the app may have stored what this one does not know.
    is_known = registry.stranger in set(Stranger)
    return Stranger(registry.stranger) if is_known else None


def _store(registry: Registry, host: str | None, checked: _Checked, caller: Caller) -> None:
    """Store a result in the audit, and on its row unless that has changed meanwhile."""
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
        ca=certificates.described(registry.ca_certificate or "") if registry.verify_tls else "",
        is_secret_stored=registry.holds_stored_secret,
        verdict=result.verdict.value,
        code=result.code,
        params=dict(result.params),
        checked_at=result.checked_at,
        seconds=checked.seconds,
        origin=caller.origin,
        user_id=caller.user_id,
        user_name=caller.user_name,
    )
    # In one transaction, so that a concurrent deletion of the row happens either before or after.
    with transaction.atomic(using=using):
        check.is_recent = is_stored and bool(row.filter(version=registry.version).update(**columns))
        # Without a stored row, the audit only has the name.
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
