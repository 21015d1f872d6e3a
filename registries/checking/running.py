"""Runs checks of several rows in parallel, and stores the results."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from threading import Event

from registries import conf
from registries.checking import clock
from registries.checking.callers import Caller
from registries.checking.pools import Pool, shared
from registries.checking.single import Checked, known_stranger, run_check, store
from registries.checking.turns import Turn
from registries.models import Registry
from registries.models.results import CheckResult
from registries.reference import Reference
from registries.verdicts import Verdict

# Seconds between two attempts to check a row that somebody else is checking.
POLL_SECONDS = 0.05
# Groups of at most this many checks get threads of their own; larger ones share a pool.
SMALL_GROUP = 5


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
        for using in {row.db_for_write for row, _reference in pairs}:
            clock.read(using)
        turns = [Turn(row, seconds, shares=reference is None) for row, reference in pairs]
        answered = [row.check_verdict != Verdict.UNREACHABLE for row, _reference in pairs]
        self._pairs, self._caller, self._pool, self._stop = pairs, caller, pool, stop
        self._waiting = deque(sorted(enumerate(turns), key=lambda item: answered[item[0]]))
        self._running: dict[Future[Checked], tuple[int, Turn]] = {}

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
                checking = self._pool.run(run_check, row, reference, known_stranger(row))
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

    def _finish(self, future: Future[Checked]) -> tuple[int, CheckResult]:
        number, turn = self._running.pop(future)
        row, reference = self._pairs[number]
        try:
            host = reference.match_host if reference else None
            store(row, host, future.result(), self._caller)
        finally:
            turn.release()
        return number, future.result().result
