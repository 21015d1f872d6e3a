"""Checks in a thread of their own, beside whoever writes a page that its reader may leave."""

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
    """Check registries; each with its result as its check ends, None after `beat` seconds without.

    Closed before the end, it waits for nothing: what has begun ends and is kept in its thread, and
    nothing else begins.
    """
    rows, stop = list(registries), Event()
    ended: SimpleQueue[Checked | BaseException | None] = SimpleQueue()

    def run() -> None:
        last: BaseException | None = None
        try:
            for number, result in run_checks([(row, None) for row in rows], caller, stop):
                ended.put((rows[number], result))
        except BaseException as error:  # noqa: BLE001 - raised again where the page is written
            last = error
        finally:
            ended.put(last)
            connections.close_all()  # this thread's own

    Thread(target=run, name="registries-bulk").start()
    try:
        while True:
            try:
                each = ended.get(timeout=beat)
            except Empty:
                yield None
                continue
            if isinstance(each, BaseException):
                raise each
            if each is None:
                return
            yield each
    finally:
        stop.set()
