"""Makes one notification of many changes of state."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Min
from django.utils.translation import gettext, ngettext, override

from registries import outbox
from registries.checking import clock
from registries.models import Health, Notification, Registry, StateChange
from registries.models.notification import Level
from registries.models.results import detail_for
from registries.verdicts import CODES

# Seconds that a change waits for others: the first one of a host, the one after a notification
# about that host, and so on. Rows of a host that fails are found one after the other, for hours.
WAITS = (10, 5 * 60, 30 * 60, 2 * 60 * 60)
# The same if a host had no notification: the first one of all hosts, the one after notifications
# about another host, about two, and so on. If the site's own network fails, all hosts seem to.
OTHERS = (10, 10, 10, 5 * 60, 30 * 60)
# Notifications that are older do not count.
WINDOW = timedelta(hours=12)
# For so many hosts at a time it is looked up how long to wait; others wait shortly.
HOSTS = 500


def collect(using: str, *, at_once: bool = False) -> Notification | None:
    """Put all waiting changes into one notification, if one of them has waited long enough.

    at_once: whether they do not wait. Of several processes, one does it.
    """
    pending = StateChange.objects.using(using).filter(notification=None)
    if not pending.exists():
        return None
    clock.read(using)
    if not (at_once or _is_time(using)):
        return None
    with transaction.atomic(using=using):
        # Whoever locks the first change takes all of them.
        first = pending.order_by("pk").select_for_update().values_list("pk", flat=True).first()
        if first is None:
            return None
        last = pending.aggregate(last=Max("pk"))["last"]
        changes = list(pending.filter(pk__lte=last).order_by("pk"))
        notification = _notification(changes, using)
        # In batches, because databases limit the number of parameters.
        for start in range(0, len(changes), 500):
            keys = [change.pk for change in changes[start : start + 500]]
            StateChange.objects.using(using).filter(pk__in=keys).update(notification=notification)
    return notification


def _is_time(using: str) -> bool:
    """Return whether a change has waited as long as earlier notifications demand."""
    moment = next_at(using)
    return moment is not None and moment <= clock.now(using)


def next_at(using: str) -> datetime | None:
    """Return when waiting changes are put into a notification; None if none is waiting."""
    changes, now = StateChange.objects.using(using), clock.now(using)
    waiting = changes.filter(notification=None).values_list("host", "state").order_by()
    oldest = waiting.annotate(oldest=Min("changed_at"))[:HOSTS]
    since = {(host, state): moment for host, state, moment in oldest}
    recent = changes.filter(notification__created_at__gt=now - WINDOW).order_by()
    count = Count("notification", distinct=True)
    own = recent.filter(host__in={host for host, _ in since}).values_list("host", "state")
    own_counts = {(host, state): number for host, state, number in own.annotate(count)}
    by_state = recent.values_list("state").annotate(count, Count("host", distinct=True))
    # One message about many hosts is one, and so are many messages about one host.
    other_counts = {state: min(numbers) for state, *numbers in by_state}
    return min(
        (
            # A time in the future is from before the clock was set back.
            now
            if moment > now
            else moment
            + timedelta(seconds=_wait(own_counts.get(key, 0), other_counts.get(key[1], 0)))
            for key, moment in since.items()
        ),
        default=None,
    )


def _wait(own: int, others: int) -> int:
    """Return the seconds to wait after so many notifications about a host, and about any."""
    return max(WAITS[min(own, len(WAITS) - 1)], OTHERS[min(others, len(OTHERS) - 1)])


def _notification(changes: list[StateChange], using: str) -> Notification:
    # Of a row that changed twice meanwhile, the last change counts.
    latest = {change.registry_id or -change.pk: change for change in changes}.values()
    by_state: dict[str, list[StateChange]] = defaultdict(list)
    for change in latest:
        by_state[change.state].append(change)
    ordered = [*by_state[Health.ATTENTION], *by_state[Health.FINE]]
    listed = ordered[: outbox.MOST_LINES]
    counts = Counter({state: len(group) for state, group in by_state.items()})
    rows = Registry.objects.using(using).in_bulk([change.registry_id for change in listed])
    with override(settings.LANGUAGE_CODE):
        lines = [_line(change, is_only=len(ordered) == 1) for change in listed]
        if more := len(ordered) - len(listed):
            lines.append(
                ngettext("… and %(count)d more.", "… and %(count)d more.", more) % {"count": more}
            )
        only = rows.get(ordered[0].registry_id) if len(ordered) == 1 else None
        needs_attention = bool(counts[Health.ATTENTION])
        return outbox.enqueue(
            Notification.STATE,
            _subject(ordered, counts),
            lines,
            [only] if only else [],
            level=Level.ATTENTION if needs_attention else Level.FINE,
            query="verdict=attention" if needs_attention else "",
            data={
                "attention": counts[Health.ATTENTION],
                "fine": counts[Health.FINE],
                "total": len(ordered),
                "registries": [
                    _described(change, rows.get(change.registry_id)) for change in listed
                ],
                "url": outbox.link([only] if only else [], "verdict=attention"),
            },
            using=using,
        )


def _subject(changes: list[StateChange], counts: Counter[str]) -> str:
    attention, fine = counts[Health.ATTENTION], counts[Health.FINE]
    if len(changes) == 1:
        name = {"name": outbox.one_line(changes[0].registry_name, 100)}
        if attention:
            return gettext("“%(name)s” needs attention") % name
        return gettext("“%(name)s” is fine again") % name
    parts = []
    if attention:
        words = ngettext(
            "%(count)d registry needs attention", "%(count)d registries need attention", attention
        )
        parts.append(words % {"count": attention})
    if fine:
        words = ngettext(
            "%(count)d registry is fine again", "%(count)d registries are fine again", fine
        )
        parts.append(words % {"count": fine})
    return ", ".join(parts)


def _line(change: StateChange, *, is_only: bool) -> str:
    detail = _detail(change)
    if is_only:
        return detail
    name = outbox.one_line(change.registry_name, 100)
    if change.state == Health.FINE:
        return gettext("“%(name)s” is fine again.") % {"name": name}
    return f"{name}: {detail}"


def _detail(change: StateChange) -> str:
    if change.code not in CODES:  # of a later version
        return change.code
    return detail_for(change.code, change.params, change.kind)


def _described(change: StateChange, row: Registry | None) -> dict[str, object]:
    """Return what webhooks receive of a change."""
    return {
        "id": change.registry_id,
        "name": change.registry_name,
        "kind": change.kind,
        "url": outbox.link([row], "") if row else "",
        "state": change.state,
        "previous": change.previous,
        "verdict": change.verdict,
        "code": change.code,
        "detail": _detail(change),
        "checked_at": outbox.in_utc(change.changed_at),
    }
