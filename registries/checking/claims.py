"""Claims rows that are due, for any number of processes on any number of machines.

A claim is a lease on each of its rows: the row is not due until the lease ends, and then it is due
again if its check was not stored. So no row is claimed twice, and none is lost with a process that
is killed. Claims are made one after the other, under a lock of the database: so they also see how
many checks run on each host, whoever makes them.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connections, transaction
from django.db.models import Q

from registries import conf
from registries.checking import clock
from registries.checking.single import host_of
from registries.checking.turns import SKEW
from registries.conf import DAY
from registries.kinds import KINDS
from registries.models import Registry
from registries.models.queryset import DUE_FIRST, RegistryQuerySet

# How many due rows a claim looks at, at a time.
LOOKED_AT = 100
# Seconds that storing a result may take before its row is due again.
STORING = 30
# Limits of this transaction alone, in PostgreSQL.
LIMITS = """
    SELECT set_config('lock_timeout', %s, true),
        set_config('idle_in_transaction_session_timeout', %s, true)
"""
# The number of the advisory lock in PostgreSQL; any fixed number will do.
LOCK = 7_412_064
# Seconds that a claim waits for others.
PATIENCE = 10.0
# Seconds after which PostgreSQL ends the session of a process that is frozen during a claim.
FROZEN = 5.0


def claim(most: int, using: str, among: Collection[int] | None = None) -> list[Registry]:
    """Return at most so many rows that are due, those that are due longest first.

    Each is to be checked at once. On no host more than `HOST_CONCURRENCY` checks run then.
    among: the primary keys of the rows to choose from; None for all rows.
    """
    clock.read(using)
    if not due(using, among).values_list("pk")[:1]:
        return []  # nobody has to wait for that
    while True:
        with alone(using) as is_alone:
            looked_at, chosen = _choose(most, using, among) if is_alone else (0, [])
            claimed = _take(chosen, using) if chosen else []
        if claimed or (looked_at < LOOKED_AT and not chosen):
            return claimed


def _choose(most: int, using: str, among: Collection[int] | None) -> tuple[int, list[int]]:
    """Return how many due rows were looked at, and the primary keys of those to check.

    Rows of hosts on which enough checks run are not even looked at, nor those that are locked.
    """
    limit = conf.get().host_concurrency
    checking = Registry.objects.using(using).filter(is_running(using)).order_by()
    running = Counter(checking.values_list("check_host", flat=True))
    full = [host for host, count in running.items() if host and count >= limit]
    rows = due(using, among).exclude(check_host__in=full)
    looked_at = list(locked(rows).values_list("pk", "check_host")[:LOOKED_AT])
    hosts = find_hosts([pk for pk, host in looked_at if not host], using)
    chosen: list[int] = []
    for pk, known in looked_at:
        host = known or hosts.get(pk)
        if host and running[host] < limit and len(chosen) < most:
            chosen.append(pk)
            running[host] += 1
    return len(looked_at), chosen


def _take(chosen: list[int], using: str) -> list[Registry]:
    """Take the lease on rows, which are locked.

    Those whose address names another host by now are left to the next round, which counts it.
    """
    rows = Registry.objects.using(using).filter(pk__in=chosen).order_by()
    hosts = {row: host_of(row) for row in rows}
    unchanged = [row for row, host in hosts.items() if row.check_host == host]
    for row in hosts.keys() - unchanged:
        Registry.objects.using(using).filter(pk=row.pk).update(check_host=hosts[row])
    seconds = conf.get().timeout
    # Not longer than other callers expect of a check: see `turns`.
    until = clock.now(using) + timedelta(seconds=seconds) + SKEW / 2
    again = int(clock.seconds(using) + seconds) + STORING
    rows = Registry.objects.using(using).filter(pk__in=[row.pk for row in unchanged])
    rows.update(checking_until=until, next_check=again, enqueued_until=None)
    for row in unchanged:
        row.checking_until = until
    order = {pk: number for number, pk in enumerate(chosen)}
    return sorted(unchanged, key=lambda row: order[row.pk])


def locked(rows: RegistryQuerySet) -> RegistryQuerySet:
    """Lock rows. Those that somebody else has locked are left out, and claimed later.

    Others take their places, so that a long transaction holds up only the rows it writes.
    """
    skip = connections[rows.db].features.has_select_for_update_skip_locked
    return rows.select_for_update(skip_locked=skip)


def due(using: str, among: Collection[int] | None = None) -> RegistryQuerySet:
    """The rows that are due and that nobody checks, in the order of an index.

    among: the primary keys of the rows to choose from; None for all rows.
    """
    rows = Registry.objects.using(using).filter(
        is_free(using), next_check__lte=int(clock.seconds(using))
    )
    rows = rows if among is None else rows.filter(pk__in=among)
    return rows.order_by(*DUE_FIRST)


def is_running(using: str) -> Q:
    """The rows that somebody checks."""
    return Q(checking_until__gt=clock.now(using), checking_until__lte=_latest_lease(using))


def is_free(using: str) -> Q:
    """The rows that nobody checks."""
    stale = Q(checking_until__gt=_latest_lease(using))
    return Q(checking_until=None) | Q(checking_until__lte=clock.now(using)) | stale


def _latest_lease(using: str) -> datetime:
    """Return when a lease ends at the latest.

    One that ends later is from before the clock was set back, and nobody holds it.
    """
    return clock.now(using) + timedelta(seconds=conf.get().timeout) + SKEW


def find_hosts(pks: list[int], using: str) -> dict[int, str]:
    """Return the hosts of locked rows that are new, and store them for the next claims.

    Rows of a kind that only another version of the app knows are looked at again in a day.
    """
    hosts: dict[int, str] = {}
    by_host: defaultdict[str, list[int]] = defaultdict(list)
    unknown = []
    for row in Registry.objects.using(using).filter(pk__in=pks).order_by():
        if row.kind in KINDS:
            hosts[row.pk] = host_of(row)
            by_host[hosts[row.pk]].append(row.pk)
        else:
            unknown.append(row.pk)
    rows = Registry.objects.using(using)
    for host, some in by_host.items():
        rows.filter(pk__in=some).update(check_host=host)
    if unknown:
        rows.filter(pk__in=unknown).update(next_check=int(clock.seconds(using)) + DAY)
    return hosts


def follow_setting(using: str) -> None:
    """Have the rows without a period of their own follow `CHECK_EVERY`, which may have changed."""
    clock.read(using)
    every = conf.get().check_every
    rows = Registry.objects.using(using).filter(check_every=None)
    if not every:
        rows.exclude(next_check=None).update(next_check=None)
        return
    # The longest that a row waits which does not fail.
    latest = int(clock.seconds(using) + 1.5 * every)
    rows.filter(Q(next_check=None) | Q(next_check__gt=latest, failures=0)).update(next_check=0)


@contextmanager
def alone(using: str) -> Iterator[bool]:
    """Hold a lock that one process has at a time, in a transaction. Yields whether it came.

    Raises OperationalError in PostgreSQL if others have held it for too long.
    """
    connection = connections[using]
    if connection.vendor != "mysql":
        with transaction.atomic(using=using):
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    limits = [f"{PATIENCE * 1000:.0f}ms", f"{FROZEN * 1000:.0f}ms"]
                    cursor.execute(LIMITS, limits)
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            else:
                # With the first write, SQLite lets nobody else write until the end.
                Registry.objects.using(using).filter(pk=0).update(next_check=None)
            yield True
        return
    # The names of locks are global to the server.
    name = sha256(f"claim {connection.settings_dict['NAME']}".encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [name, PATIENCE])
        is_alone = bool(cursor.fetchone()[0])
    try:
        with transaction.atomic(using=using):
            yield is_alone
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [name])
