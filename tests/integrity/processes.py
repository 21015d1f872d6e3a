"""What other processes of the site do in these tests, under the site's own settings.

Each is a process of its own, forked from one that has loaded the site already.
"""

import itertools
import os
import resource
import signal
import time
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier, Event, Semaphore
from typing import Any

import django
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, transaction

django.setup()

from encrypted_model_fields import fields as library

from registries import reencryption, services
from registries.checking import claims, reminders
from registries.checking.turns import Turn
from registries.models import ChangedMeanwhile, Registry
from registries.notifying import collecting
from registries.provisioning import applying
from registries.secrets.sealing import SecretUnreadable
from ssmsite.settings import DATABASES


def run(work: Callable[..., Any], keys: list[bytes], arguments: tuple[Any, ...]) -> None:
    """Do the work under these keys."""
    assert DATABASES, "the site's settings"
    library.CRYPTER = MultiFernet([Fernet(key) for key in keys])
    work(*arguments)


def save_for_ever(pk: int, started: Event) -> None:
    """Give the row a login and a password of one number, and of the next, until killed."""
    for number in itertools.count():
        _give(pk, number)
        started.set()


def edit(pks: list[int], times: int, started: Event) -> None:
    """Edit one row after the other, so many times in all."""
    for number, pk in enumerate(itertools.islice(itertools.cycle(pks), times)):
        _give(pk, number)
        started.set()
        time.sleep(0.002)  # SQLite hands a lock to whoever asks next, not to who waited longest


def _give(pk: int, number: int) -> None:
    row = Registry.objects.get(pk=pk)
    row.login, row.password = f"login-{number}", f"password-{number}"
    row.save()


def reencrypt(started: Event) -> None:
    for _row, _outcome in reencryption.reencrypt():
        started.set()


def count_up(pk: int, times: int) -> None:
    """Add one to the number that the row's login is, so many times, beginning anew on conflict.

    It is read and saved in one transaction, as the admin does.
    """
    while times:
        try:
            with transaction.atomic():
                row = Registry.objects.get(pk=pk)
                row.login = str(int(row.login or "") + 1)
                row.save()
        except ChangedMeanwhile:
            continue
        times -= 1


def apply(path: str, told: "SimpleQueue[int]", fatal: int | None = None) -> None:
    """Apply a file of registries at the first try, and tell how many statements that took.

    fatal: the number of the statement before which this process is killed.
    """
    numbers = itertools.count(1)

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        if next(numbers) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    os.environ["REGISTRIES_SECRET_X"] = "fake-password"
    applying.TRIES = 1
    with connection.execute_wrapper(count):
        services.apply_files([path])
    told.put(next(numbers) - 1)


def serve(name: str, unreadable: "SimpleQueue[list[str]]") -> None:
    """What an instance does: store a secret, read all there are; the names of rows it cannot."""
    Registry.objects.create(kind="hub", name=name, login="johndoe", password="fake-password")
    failed = []
    for row in Registry.objects.authenticated():
        try:
            row.values()
        except SecretUnreadable:
            failed.append(row.name)
    unreadable.put(failed)


def check(pk: int, came: Semaphore) -> None:
    """Check the row; `came` is released once it was looked whether it is this one's turn."""
    row, has_come, release = Registry.objects.get(pk=pk), Turn.has_come, [came.release]

    def looked(turn: Turn) -> bool:
        answer = has_come(turn)
        while release:
            release.pop()()
        return answer

    Turn.has_come = looked  # type: ignore[method-assign]
    services.check(row)


def run_checks(timeout: float, hosts: int, confirm: int = 2) -> None:
    """Check what is due until a signal; leases are over a second after TIMEOUT.

    The changes of state wait for the test to collect them.
    """
    settings.REGISTRIES = {
        "TIMEOUT": timeout,
        "HOST_CONCURRENCY": hosts,
        "CHECK_WORKERS": 8,
        "CONFIRM_CHECKS": confirm,
    }
    claims.STORING = 1
    collecting.WAITS = (3600,)
    call_command("run_checks")


def remind(together: Barrier) -> None:
    """Look for credentials that end, at the same time as others, and once more."""
    reminders.clock.read("default")  # connects
    together.wait()
    reminders.remind("default")
    reminders.remind("default")


def check_all(results: "SimpleQueue[tuple[dict[int, str], int]]") -> None:
    """Check all rows that hold credentials: the codes by row, and by how many KiB memory grew."""
    rows = list(Registry.objects.authenticated())
    services.check(Registry(kind="custom", name="x", url="http://127.0.0.1:9"))  # loads the client
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    codes = {row.pk: result.code for row, result in services.check_each(rows)}
    results.put((codes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))


def fill_the_disk(
    pk: int,
    database: str,
    limit: int,
    queue: "SimpleQueue[tuple[int, str]]",
    is_there_room: Event,
) -> None:
    """Store row after row in this database until there is no room, and go on once there is.

    No file of this process may grow beyond `limit` bytes before. What is told is the number that
    there was no room for, and what the database said.
    """
    connection.settings_dict["NAME"] = database
    Registry.objects.get(pk=pk)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    output = ""
    for number in range(1, 10_000):
        try:
            _give(pk, number)
            _add(number)
        except OperationalError as error:
            output = str(error)
            break
    queue.put((number, output))
    assert is_there_room.wait(60)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    _give(pk, number)
    _add(number)


def _add(number: int) -> None:
    login, password = f"login-{number}", f"password-{number}"
    Registry.objects.create(kind="hub", name=f"Row {number}", login=login, password=password)
