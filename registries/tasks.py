"""Checks as tasks, for sites with a queue of Django's Tasks: see `task_queue`.

Import it anywhere: without such a queue, `check_batch` is a function like any other.
"""

import time
from contextlib import suppress
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections, router

from registries.checking.claims import follow_setting
from registries.checking.enqueuing import give_back, take
from registries.checking.reminders import remind
from registries.checking.runner import Runner
from registries.models import Registry
from registries.task_queue import as_task

# Seconds after which a task begins no more checks, so that others come and no queue's limit is met.
LONGEST = 60


class BatchFailed(Exception):
    """A task was not done, and why: the name of an error. Its rows are checked by a later task."""


class NotEnqueued(Exception):
    """The queue took no tasks, and why."""


class Enqueued(NamedTuple):
    """How many rows were handed to the queue, and in how many tasks."""

    rows: int
    tasks: int


def check_batch(pks: list[int]) -> dict[str, int]:
    """Check the rows with these primary keys that are due; the others need no check any more.

    What is left after a minute, or because enough checks run on its host, is enqueued anew. Returns
    how many checks were stored, and how many of them found a row fine. Raises BatchFailed, without
    what the error said: results of tasks are stored where anybody may read them.
    """
    try:
        return _check_batch(pks)
    except Exception as error:  # noqa: BLE001 - it is told by its name
        raise BatchFailed(type(error).__name__) from None


def _check_batch(pks: list[int]) -> dict[str, int]:
    using, end = router.db_for_write(Registry), time.monotonic() + LONGEST
    # A queue's worker is no request: nobody else closes what the database has closed.
    close_old_connections()
    runner = Runner(lambda: time.monotonic() < end, frozenset(pks))
    try:
        runner.run(once=True)
        give_back(pks, using)
    finally:
        close_old_connections()
    return {"checked": runner.checked, "fine": runner.fine}


_function = check_batch
# The queue's workers find the task by the name of the function.
with suppress(ImproperlyConfigured):  # a system check reports it
    check_batch = as_task(check_batch)


def enqueue_checks() -> Enqueued:
    """Hand the rows that are due to the queue, and remind people of credentials that end.

    Raises ImproperlyConfigured if there is no such queue, and NotEnqueued if it does not answer.
    """
    task, using = as_task(_function), router.db_for_write(Registry)
    follow_setting(using)
    remind(using)
    batches = take(using)
    for number, batch in enumerate(batches):
        try:
            task.enqueue(batch)
        except Exception as error:
            give_back([pk for left in batches[number:] for pk in left], using)
            name = type(error).__name__
            raise NotEnqueued(f"The queue took {number} of {len(batches)} tasks: {name}") from error
    return Enqueued(sum(map(len, batches)), len(batches))
