"""`Figures`: collects the metrics from the database, with a constant number of queries."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate
from typing import Any, cast

from django.db import router
from django.db.models import Count, Q, Sum
from django.utils import timezone
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from registries.checking import clock
from registries.checking.claims import is_free, is_running
from registries.handover import FORMS
from registries.kinds import KINDS
from registries.limits import Limits
from registries.metrics import families
from registries.metrics.families import Family
from registries.models import Delivery, Registry, Tally
from registries.models.handover import HANDED_OVER
from registries.models.notification import Status
from registries.models.queryset import RegistryQuerySet, is_overdue
from registries.models.results import FINE
from registries.models.tally import BUCKETS, Counted
from registries.models.times import as_seconds
from registries.outbox import turned_off
from registries.secrets.keys import key_ids
from registries.verdicts import Verdict

# The label for what has no verdict or form; the API's filters call it the same.
NONE = "none"
# The label for what was tried, and will be again.
RETRYING = "retrying"
STATES = {True: "authenticated", False: "anonymous"}
# The columns of the series of a row.
COLUMNS = (
    *("pk", "kind", "name", "check_verdict", "check_host", "checked_at", "succeeded_at"),
    *("expires_on", "pulls_remaining", "pulls_limit", "key_id"),
)

Values = Iterable[tuple[Sequence[str], float]]


class Figures:
    """A collector of prometheus_client, made for one request.

    limits: those of the access token; it gets no figure that counts other registries.
    may: whether the account has a permission.
    per_registry: whether there are series for each registry and host.
    """

    def __init__(
        self, limits: Limits, may: Callable[[str], bool], *, per_registry: bool = True
    ) -> None:
        self._limits, self._may, self._per_registry = limits, may, per_registry
        # Not from a replica, which may be behind: counters must never go back.
        self._using = router.db_for_write(Registry)

    def collect(self) -> Iterator[Metric]:
        yield _gauge(families.BUILD, [((_version(),), 1)])
        kinds: list[str] = []
        yield from self._counts(kinds)
        if self._limits.names_all:
            yield from self._totals(kinds)
        if self._per_registry:
            yield from self._rows()

    @property
    def _registries(self) -> RegistryQuerySet:
        """The rows that the caller may see; those of a kind that is missing are shown nowhere."""
        rows = Registry.objects.using(self._using).filter(kind__in=KINDS)
        return rows.within(self._limits).order_by()

    def _counts(self, kinds: list[str]) -> Iterator[Metric]:
        """How many registries there are; adds their kinds to `kinds`."""
        clock.read(self._using)
        now = clock.now(self._using)
        free = is_free(self._using)
        due = Q(next_check__lte=int(clock.seconds(self._using)))
        parts = {
            families.DUE: due & free,
            families.OVERDUE: is_overdue(now) & free,
            families.RUNNING: is_running(self._using),
        }
        columns = ("kind", "has_secrets", "check_verdict")
        rows = (
            self._registries.order_by(*columns)
            .values_list(*columns)
            .annotate(
                count=Count("pk"),
                **{family.name: Count("pk", filter=part) for family, part in parts.items()},
            )
        )
        counts = []
        by_kind: defaultdict[str, Counter[Family]] = defaultdict(Counter)
        for kind, has_secrets, verdict, count, *numbers in rows:
            counts.append(((kind, STATES[bool(has_secrets)], verdict or NONE), count))
            by_kind[kind].update(dict(zip(parts, numbers, strict=True)))
        kinds += by_kind
        yield _gauge(families.REGISTRIES, counts)
        for family in parts:
            yield _gauge(family, [((kind,), by_kind[kind][family]) for kind in kinds])

    def _totals(self, kinds: list[str]) -> Iterator[Metric]:
        """What was counted since the site began. What did not happen yet is 0, and not missing."""
        columns = ("counted", "subject", "outcome", "bound")
        rows = Tally.objects.using(self._using).values_list(*columns).order_by(*columns)
        tallies = [*rows.annotate(Sum("number"), Sum("microseconds"))]
        known = {*kinds, *(row[1] or NONE for row in tallies if row[0] == Counted.CHECK)}
        checks = Counter({(kind, str(verdict)): 0 for kind in sorted(known) for verdict in Verdict})
        buckets = {kind: [0] * (len(BUCKETS) + 1) for kind in sorted(known)}
        handovers = Counter({(form, HANDED_OVER): 0 for form in (*FORMS, NONE)})
        microseconds: Counter[str] = Counter()
        for counted, subject, outcome, bound, number, duration in tallies:
            label = subject or NONE
            if counted == Counted.HANDOVER:
                handovers[label, outcome] += int(number)
            else:
                checks[label, outcome] += int(number)
                buckets[label][_position(bound)] += int(number)
                microseconds[label] += int(duration)
        yield _counter(families.CHECKS, checks.items())
        yield _histogram(families.SECONDS, buckets, microseconds)
        if self._may(families.HANDOVERS.permission):
            yield _counter(families.HANDOVERS, handovers.items())
        if self._may(families.NOTIFICATIONS.permission):
            yield from self._notifications()

    def _notifications(self) -> Iterator[Metric]:
        """How many notifications fared how, and how many receivers are turned off."""
        count = Counter(dict.fromkeys((Status.PENDING, RETRYING, Status.SENT, Status.FAILED), 0))
        columns = Delivery.objects.using(self._using).order_by("status").values_list("status")
        retried = Count("pk", filter=~Q(code=""))
        for status, number, failures in columns.annotate(Count("pk"), retried=retried):
            again = failures if status == Status.PENDING else 0
            count[status] += number - again
            count[RETRYING] += again
        yield _gauge(
            families.NOTIFICATIONS, [((str(status),), number) for status, number in count.items()]
        )
        yield _gauge(families.RECEIVERS_OFF, [((), len(turned_off(self._using)))])

    def _rows(self) -> Iterator[Metric]:
        """The series of each registry and each host."""
        readable = set(key_ids())
        hosts: Counter[tuple[str, str]] = Counter()
        found: defaultdict[Family, list[Any]] = defaultdict(list)
        for row in self._registries.order_by("pk").values_list(*COLUMNS, named=True):
            labels = (str(row.pk), row.kind, row.name)
            for family, value in _values(row, readable):
                if value is not None:
                    found[family].append((labels, value))
            if row.check_host:
                hosts[row.check_host, row.check_verdict or NONE] += 1
        yield _gauge(families.HOSTS, hosts.items())
        for family in families.FAMILIES:
            if family.labels == families.ROW:
                yield _gauge(family, found[family])


def _values(row: Any, readable: set[str]) -> Iterator[tuple[Family, float | None]]:
    """What there is of a row; None for what it does not have."""
    is_fine = row.check_verdict in FINE
    has_readable = readable.issuperset(filter(None, row.key_id.split(",")))
    is_known = row.check_verdict or not has_readable
    yield families.FINE, is_fine and has_readable if is_known else None
    yield families.CHECKED, _seconds(row.checked_at)
    # An earlier version of the app, which may run beside this one, stores the first alone.
    yield families.SUCCEEDED, _seconds(row.checked_at if is_fine else row.succeeded_at)
    yield families.ENDS, _beginning(row.expires_on)
    yield families.PULLS, row.pulls_remaining
    yield families.PULLS_LIMIT, row.pulls_limit


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else as_seconds(moment)


def _beginning(day: date | None) -> float | None:
    """When a day begins in the site's time zone, in seconds since 1970."""
    if day is None:
        return None
    return datetime.combine(day, time.min, timezone.get_default_timezone()).timestamp()


def _version() -> str:
    try:
        return version("django-registries")
    except PackageNotFoundError:  # a copy of the code that is not installed
        return "unknown"


def _position(bound: int) -> int:
    """The place of a stored bound, also of one that another version of the app had."""
    places = (place for place, upper in enumerate(BUCKETS) if bound <= round(upper * 1000))
    return next(places, len(BUCKETS))


def _simple(make: Callable[..., Metric], family: Family, values: Values) -> Metric:
    metric: Any = make(family.name, family.help, labels=family.labels)
    for labels, value in values:
        metric.add_metric(labels, value)
    return cast("Metric", metric)


_gauge, _counter = partial(_simple, GaugeMetricFamily), partial(_simple, CounterMetricFamily)


def _histogram(family: Family, buckets: dict[str, list[int]], microseconds: Counter[str]) -> Metric:
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    bounds = [*map(str, BUCKETS), "+Inf"]
    for kind, numbers in buckets.items():
        cumulative = list(zip(bounds, accumulate(numbers), strict=True))
        metric.add_metric([kind], cumulative, microseconds[kind] / 1_000_000)
    return metric
