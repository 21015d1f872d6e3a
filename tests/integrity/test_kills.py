"""kill -9 in the middle: every row is as it was, or as it shall be."""

import itertools
import random
import time
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from registries.models import Registry
from registries.reencryption import Outcome, reencrypt
from tests.factories import create
from tests.integrity import processes as work
from tests.integrity.conftest import Processes, assert_sound

UseKeys = Callable[..., None]

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = 25
ONE, OTHER = Fernet.generate_key(), Fernet.generate_key()


def numbers(row: Registry) -> tuple[str, str]:
    """The number of the edit that gave the login, and of the one that gave the password."""
    return (row.login or "").rpartition("-")[2], row.password.reveal().rpartition("-")[2]


def test_killed_while_saving(processes: Processes) -> None:
    """#52: never a mixture of two saves."""
    row = create("hub", login="login-0", password="password-0")
    for _ in range(KILLS):
        before = Registry.objects.get(pk=row.pk)
        started = processes.event()
        saving = processes.start(work.save_for_ever, row.pk, started)
        assert started.wait(60)
        time.sleep(random.uniform(0, 0.05))
        saving.kill()
        saving.join()
        stored_row = Registry.objects.get(pk=row.pk)
        login, password = numbers(stored_row)
        assert login == password
        if numbers(before) != (login, password):
            assert stored_row.version != before.version, "each save has a version of its own"
        assert_sound()
    stored_row.name = "Still to be saved"
    stored_row.save()


def test_killed_while_encrypting_anew(processes: Processes, use_keys: UseKeys) -> None:
    """#53: what was begun is finished by the next run, and nothing is unreadable in between."""
    use_keys(ONE)
    rows = [create("hub", login=f"login-{n}", password=f"password-{n}") for n in range(100)]
    keys = [OTHER, ONE]
    cut_half_way = 0
    for _ in range(KILLS):
        started = processes.event()
        running = processes.start(work.reencrypt, started, keys=keys)
        assert started.wait(60)
        time.sleep(random.uniform(0, 0.05))
        running.kill()
        running.join()
        use_keys(*keys)
        result = list(Registry.objects.filter(pk__in=[row.pk for row in rows]))
        assert len(result) == len(rows)
        assert all(login == password for login, password in map(numbers, result))
        cut_half_way += len({row.key_id for row in result}) > 1
        assert_sound()
        if not any(outcome is Outcome.RENEWED for _row, outcome in reencrypt(dry_run=True)):
            keys.reverse()  # it was done: back again
    assert cut_half_way, "the sweep cut none of them half-way"
    use_keys(*keys)  # in the order of now, whether the last run turned it round or not
    call_command("reencrypt_registries")
    use_keys(keys[0])
    assert all(row.password.readable() for row in Registry.objects.authenticated())


def test_edits_while_encrypting_anew(processes: Processes, use_keys: UseKeys) -> None:
    """#54: of 300 edits none is lost to a run that read the row before."""
    use_keys(ONE, OTHER)
    rows = [create("hub", login="login-0", password="password-0") for _ in range(5)]
    started = processes.event()
    pks = [row.pk for row in rows]
    editing = processes.start(work.edit, pks, 300, started, keys=[ONE, OTHER])
    assert started.wait(60)
    runs = 0
    while editing.is_alive():
        use_keys(*((OTHER, ONE) if runs % 2 else (ONE, OTHER)))
        runs += 1
        for row, outcome in reencrypt():
            assert outcome is not Outcome.UNREADABLE
            login, password = numbers(row)
            assert login == password
    assert editing.exitcode == 0, "no edit met a conflict"
    assert runs > 2
    assert sorted(map(numbers, Registry.objects.filter(pk__in=pks))) == [
        (str(number), str(number)) for number in range(295, 300)
    ]


def unreadable(processes: Processes, *instances: list[bytes]) -> list[list[str]]:
    """What each instance cannot read after all have stored a secret; they run at once, twice."""
    queue = processes.context.SimpleQueue()
    for _ in range(2):
        started = [
            processes.start(work.serve, f"{random.random()}", queue, keys=keys)
            for keys in instances
        ]
        for process in started:
            process.join()
            assert process.exitcode == 0
    return [queue.get() for _ in range(2 * len(instances))]


def test_a_rotation_in_the_documented_order(processes: Processes) -> None:
    """#6: two instances that never restart together, and no secret that one of them cannot read."""
    old, new = ONE, OTHER
    order = [[old], [old, new], [new, old]]
    for before, after in itertools.pairwise(order):
        assert not any(unreadable(processes, before, after)), "one is restarted, one not yet"
        assert not any(unreadable(processes, after, after))
    started = processes.event()
    running = processes.start(work.reencrypt, started, keys=[new, old])
    assert not any(unreadable(processes, [new, old], [new, old])), "work goes on meanwhile"
    running.join()
    assert running.exitcode == 0
    assert not any(unreadable(processes, [new, old], [new]))
    assert not any(unreadable(processes, [new], [new]))


def test_a_rotation_in_another_order_is_seen_to_fail(processes: Processes) -> None:
    """The failing twin: without the middle step an instance meets what it cannot read."""
    assert any(unreadable(processes, [ONE], [OTHER, ONE]))
