"""Makes sure that a row is checked only once at a time, across threads, processes and machines.

A check takes a lease on its row: a time, stored on the row, before which no other check starts.
Other callers wait for its result and share it. If the checking process is killed, the lease ends
after the time that one check may take, even if the clock is changed. The clock is the database's.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from registries.checking import clock
from registries.checking.single import host_of, release
from registries.models import Registry
from registries.models.last_check import CHECK_FIELDS
from registries.models.queryset import RegistryQuerySet
from registries.models.results import CheckResult

# How far what machines know of the database's clock may differ.
SKEW = timedelta(seconds=1)


class Turn:
    """One caller's turn to check a row.

    seconds: how long a check may take. A lease lasts this long, and a caller waits this long.
    shares: whether the result of another caller's check may be used.
    result: that result, once there is one. Then there is nothing left to do.
    """

    def __init__(self, registry: Registry, seconds: float, *, shares: bool) -> None:
        self.result: CheckResult | None = None
        self._registry = registry
        self._seconds = timedelta(seconds=seconds)
        self._shares = shares
        self._since = self._now()
        self._lease: datetime | None = None

    def has_come(self) -> bool:
        """Return whether to check now. If not, use `result` if it is set, or ask again later."""
        registry = self._registry
        if registry._state.adding or registry.changed():
            return True  # nobody else is checking these unsaved values
        if self._acquire_lease():
            self._load_stranger()
            return True
        row = self._rows().first()
        if row is None:
            return True  # the row was saved or deleted meanwhile
        if (
            self._shares
            and row.checked_at
            and self._since <= row.checked_at < self._latest_plausible()
        ):
            for name in CHECK_FIELDS:
                setattr(registry, name, getattr(row, name))
            self.result = registry.last_check
            return False
        self._registry.stranger = row.stranger
        return self._now() > self._since + self._seconds

    def release(self) -> None:
        """Release the lease, so that the next caller may check."""
        release(self._registry, self._lease)
        self._lease = None

    def _acquire_lease(self) -> bool:
        now = self._now()
        # A lease that ends later than one check may take is from before the clock was set back.
        is_stale = Q(checking_until__gt=now + self._seconds + SKEW)
        is_free = Q(checking_until=None) | Q(checking_until__lt=now) | is_stale
        if self._shares:
            is_free &= ~Q(checked_at__gte=self._since, checked_at__lt=self._latest_plausible())
        until = now + self._seconds
        # The host is known to others, so that they do not call it too often at once.
        host = host_of(self._registry)
        if self._rows().filter(is_free).update(checking_until=until, check_host=host):
            self._lease = until
        return self._lease is not None

    def _load_stranger(self) -> None:
        """Load how the registry treats an invented account, if a check has found it out since."""
        if not self._registry.stranger:
            stored = self._rows().values_list("stranger", flat=True)
            self._registry.stranger = stored.first() or ""

    def _latest_plausible(self) -> datetime:
        """Return the latest plausible time of a result. Later ones are due to a wrong clock."""
        return self._now() + self._seconds

    def _now(self) -> datetime:
        return clock.now(self._registry.db_for_write)

    def _rows(self) -> RegistryQuerySet:
        registry = self._registry
        rows = Registry.objects.using(registry.db_for_write)
        return rows.filter(pk=registry.pk, version=registry.version)
