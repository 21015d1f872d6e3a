"""Takes rows that are due in batches, for a queue of tasks.

What is taken is noted on its row for some minutes, so that it is not taken again while its task
waits. The note is a hint: a task claims its rows when it runs, as all who check do. So a row that
is enqueued twice is checked once, and one whose task was lost is taken again.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from registries.checking import clock
from registries.checking.claims import alone, due, find_hosts, locked
from registries.models import Registry

# Rows of a batch. Those of one host stay together, so that they share connections and tokens.
BATCH, BATCH_OF_A_HOST = 100, 500
# How long after that a task which has not run is thought to be lost.
PATIENCE = timedelta(minutes=10)
# How many rows are read and written at a time.
AT_A_TIME = 1000


def take(using: str) -> list[list[int]]:
    """Return the primary keys of rows that are due and that no task waits for, in batches.

    Of each host only one batch waits at a time, so that a host that fails holds up no others.
    """
    clock.read(using)
    until = clock.now(using) + PATIENCE
    by_host: defaultdict[str, list[int]] = defaultdict(list)
    while _take_some(until, by_host, using):
        pass
    batches: list[list[int]] = []
    for pks in by_host.values():
        if not batches or len(batches[-1]) + len(pks) > BATCH:
            batches.append([])
        batches[-1] += pks
    return batches


def give_back(pks: Collection[int], using: str) -> None:
    """Let rows be taken again whose task will not check them."""
    ordered = list(pks)
    for start in range(0, len(ordered), AT_A_TIME):
        rows = Registry.objects.using(using).filter(pk__in=ordered[start : start + AT_A_TIME])
        rows.exclude(enqueued_until=None).update(enqueued_until=None)


def _take_some(until: datetime, by_host: defaultdict[str, list[int]], using: str) -> bool:
    """Note rows as enqueued, and add them to those of their hosts. Return whether more may follow.

    until: what is noted; the same for all that one `take` takes.
    """
    waits = _waits(using)
    earlier = Registry.objects.using(using).filter(waits, enqueued_until__lt=until)
    full = [host for host, pks in by_host.items() if len(pks) >= BATCH_OF_A_HOST]
    rows = due(using).exclude(waits).exclude(check_host__in=full)
    rows = rows.exclude(check_host__in=earlier.order_by().values("check_host"))
    with alone(using) as is_alone:
        found = list(locked(rows).values_list("pk", "check_host")[:AT_A_TIME]) if is_alone else []
        # Those are looked at again, now that their hosts are known.
        find_hosts([pk for pk, host in found if not host], using)
        taken = []
        for pk, host in found:
            if host and len(by_host[host]) < BATCH_OF_A_HOST:
                by_host[host].append(pk)
                taken.append(pk)
        Registry.objects.using(using).filter(pk__in=taken).update(enqueued_until=until)
    return bool(found)


def _waits(using: str) -> Q:
    """Which rows are due and wait for a task, as far as is known."""
    now, is_due = clock.now(using), Q(next_check__lte=int(clock.seconds(using)))
    # A note that ends later is from before the clock was set back.
    return is_due & Q(enqueued_until__gt=now, enqueued_until__lte=now + PATIENCE)
