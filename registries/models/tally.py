"""`Tally`: how many checks and hand-overs there were since the site began.

Rows of the audit are deleted after a time, and these figures are not: they only grow, whatever is
deleted and whichever process is asked.
"""

import os
import threading
from bisect import bisect_left
from typing import Any

from django.db import connections, models

# The upper bounds of the histogram of checks, in seconds; the last bucket has none.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# What the last bucket has in the place of a bound, in milliseconds.
NO_BOUND = 2**31 - 1
# Each figure is the sum of as many rows, so that processes seldom wait for each other's.
SHARDS = 32
# The columns that say which row to add to.
KEY = ("counted", "subject", "outcome", "bound", "shard")
# The primary keys of rows that this process has added to, by database and KEY.
_ids: dict[tuple[Any, ...], int] = {}


class Counted(models.TextChoices):
    """What is counted."""

    CHECK = "check"
    HANDOVER = "handover"


class Tally(models.Model):
    """A part of one figure. All numbers are whole, so that a sum is the same in any order."""

    counted = models.CharField(max_length=10, choices=Counted.choices)
    # The kind of the registry, or the form of the hand-over.
    subject = models.CharField(max_length=20, blank=True)
    # The verdict of the check, or the code of the hand-over.
    outcome = models.CharField(max_length=50)
    # The upper bound of the check's bucket, in milliseconds; 0 for hand-overs.
    bound = models.PositiveIntegerField()
    shard = models.PositiveSmallIntegerField()
    number = models.BigIntegerField(default=0)
    # How long these checks took together.
    microseconds = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        # Not unique: in MariaDB, three that add the same new row would wait for each other.
        indexes = [models.Index(fields=KEY, name="registries_tally_key")]

    def __str__(self) -> str:
        return f"{self.counted} {self.subject} {self.outcome}"


UPDATE = f"""
    UPDATE {Tally._meta.db_table}
    SET number = number + %s, microseconds = microseconds + %s
    WHERE id = %s AND {" AND ".join(f"{name} = %s" for name in KEY)}
"""  # noqa: S608 - of this module's own words


def count_check(kind: str, verdict: str, seconds: float, using: str) -> None:
    """Count a check. Call it last in the transaction that stores it, as `_add` says."""
    position = bisect_left(BUCKETS, seconds)
    bound = round(BUCKETS[position] * 1000) if position < len(BUCKETS) else NO_BOUND
    key = {"counted": Counted.CHECK, "subject": kind, "outcome": verdict, "bound": bound}
    _add(key, using, microseconds=round(seconds * 1_000_000))


def count_handovers(form: str, code: str, number: int, using: str) -> None:
    """Count hand-overs, or refusals. Call it last in the transaction that stores them."""
    key = {"counted": Counted.HANDOVER, "subject": form, "outcome": code, "bound": 0}
    _add(key, using, number=number)


def _add(key: dict[str, Any], using: str, *, number: int = 1, microseconds: int = 0) -> None:
    """Add to one row, which stays locked until the transaction ends.

    Nothing may be locked after it: whoever waits for this row then holds up nobody.
    """
    key["shard"] = hash((os.getpid(), threading.get_ident())) % SHARDS
    place = (using, *key.values())
    if place in _ids and _update(_ids[place], key, using, number, microseconds):
        return
    rows = Tally.objects.using(using)
    pk = rows.filter(**key).order_by("pk").values_list("pk", flat=True).first()
    _ids[place] = rows.create(**key).pk if pk is None else pk
    _update(_ids[place], key, using, number, microseconds)


def _update(pk: int, key: dict[str, Any], using: str, number: int, microseconds: int) -> bool:
    """Add to a row, unless it is gone: the transaction that added it may have been undone."""
    # To have Django build it takes as long as to store the check.
    with connections[using].cursor() as cursor:
        cursor.execute(UPDATE, [number, microseconds, pk, *(key[name] for name in KEY)])
        return bool(cursor.rowcount)
