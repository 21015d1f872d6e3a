"""One check of a row at a time, across threads, processes and machines.

Whoever checks a row holds a lease on it: a time, kept on the row, before which nobody else starts.
Whoever comes meanwhile waits for the result and shares it. A lease ends by itself, so a checker
that was killed keeps others waiting for no longer than one check may take, whatever the clock does.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from registries.models import Registry
from registries.models.last_check import CHECK_FIELDS
from registries.models.queryset import RegistryQuerySet
from registries.models.results import CheckResult

# How far the clocks of the machines that check may be apart.
SKEW = timedelta(seconds=1)


class Turn:
    """One caller's wish to check a row.

    seconds: how long a check may take; so long a lease lasts, and so long a caller waits.
    shares: whether somebody else's result will do.
    result: that result, once there is one; then there is nothing left to do.
    """

    def __init__(self, registry: Registry, seconds: float, *, shares: bool) -> None:
        self.result: CheckResult | None = None
        self._registry = registry
        self._seconds = timedelta(seconds=seconds)
        self._shares = shares
        self._since = timezone.now()
        self._lease: datetime | None = None

    def has_come(self) -> bool:
        """Whether to check now. If not, look at `result`, or ask again a little later."""
        registry = self._registry
        if registry._state.adding or registry.changed():
            return True  # not the row as it is stored: nobody else is checking this
        if self._takes_lease():
            self._recall()
            return True
        row = self._rows().first()
        if row is None:
            return True  # saved by somebody else, or deleted: nor this
        if self._shares and row.checked_at and self._since <= row.checked_at < self._latest():
            for name in CHECK_FIELDS:
                setattr(registry, name, getattr(row, name))
            self.result = registry.last_check
            return False
        self._registry.stranger = row.stranger
        return timezone.now() > self._since + self._seconds

    def end(self) -> None:
        """Let the next one check."""
        if self._lease:
            self._rows().filter(checking_until=self._lease).update(checking_until=None)
            self._lease = None

    def _takes_lease(self) -> bool:
        now = timezone.now()
        # What is further ahead than one check may last was left before the clock was set back.
        left_over = Q(checking_until__gt=now + self._seconds + SKEW)
        free = Q(checking_until=None) | Q(checking_until__lt=now) | left_over
        if self._shares:
            free &= ~Q(checked_at__gte=self._since, checked_at__lt=self._latest())
        until = now + self._seconds
        if self._rows().filter(free).update(checking_until=until):
            self._lease = until
        return self._lease is not None

    def _recall(self) -> None:
        """Take over what a check has learned of an invented account since the row was loaded."""
        if not self._registry.stranger:
            learned = self._rows().values_list("stranger", flat=True)
            self._registry.stranger = learned.first() or ""

    def _latest(self) -> datetime:
        """When a result may be from: a clock that was wrong left what is later."""
        return timezone.now() + self._seconds

    def _rows(self) -> RegistryQuerySet:
        registry = self._registry
        rows = Registry.objects.using(registry.db_for_write)
        return rows.filter(pk=registry.pk, version=registry.version)
