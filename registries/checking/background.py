"""Runs checks in a background thread, so that the reader of a streamed page may leave."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Empty, SimpleQueue
from threading import Event, Thread

from django.db import connections

from registries.checking.callers import Caller
from registries.checking.running import run_checks
from registries.models import Registry
from registries.models.results import CheckResult

Checked = tuple[Registry, CheckResult]


def check_in_background(
    registries: Iterable[Registry], *, caller: Caller, beat: float
) -> Generator[Checked | None, None, None]:
    """Check registries and yield each with its result once its check ends.

    Yields None whenever no check has ended for `beat` seconds. If the generator is closed, running
    checks go on and are stored by their thread, but no others are started.
    """
    rows, stop = list(registries), Event()
    results: SimpleQueue[Checked | BaseException | None] = SimpleQueue()

    def run() -> None:
        failure: BaseException | None = None
        try:
            for number, result in run_checks([(row, None) for row in rows], caller, stop):
                results.put((rows[number], result))
        except BaseException as error:  # noqa: BLE001 - raised again by the generator
            failure = error
        finally:
            results.put(failure)
            connections.close_all()  # the connections of this thread

    Thread(target=run, name="registries-bulk").start()
    try:
        while True:
            try:
                item = results.get(timeout=beat)
            except Empty:
                yield None
                continue
            if isinstance(item, BaseException):
                raise item
            if item is None:
                return
            yield item
    finally:
        stop.set()
