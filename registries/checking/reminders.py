"""Reminders that credentials end: some days before and on that day, each of them once.

What is due at the same time goes into one message. A reminder that nobody could send in time, as no
process was running, is sent late; of several that a row missed, only the last.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, override

from registries import conf, outbox
from registries.checking import clock
from registries.checking.claims import alone
from registries.models import Registry
from registries.models.notification import Level
from registries.models.queryset import RegistryQuerySet

# The kind of the notification.
KIND = "expiry"
# Days after the end: whoever was not reminded by then knows.
LATE = 7
# A message is urgent if something ends within so many days.
URGENT = 7
# The most registries of one message, and how many are marked at a time.
MOST, BATCH = 20_000, 500


def remind(using: str) -> int:
    """Put a message about all reminders that are due into the outbox; return of how many rows."""
    steps = conf.get().expiry_reminders
    if not steps:
        return 0
    clock.read(using)
    today = clock.today(using)
    if not _due(steps, today, using).exists():
        return 0
    # One process at a time, so that nobody is reminded twice.
    with alone(using) as is_alone:
        rows = _lock(_due(steps, today, using), steps, today) if is_alone else []
        if rows:
            _enqueue(rows, today, using)
    return len(rows)


def in_words(day: date, today: date) -> str:
    """Return when credentials end or ended: `Ends in 7 days`, `Ended on Jan. 31, 2030`."""
    days = (day - today).days
    if days < 0:
        return gettext("Ended on %(day)s") % {"day": date_format(day)}
    if days == 0:
        return gettext("Ends today")
    return ngettext("Ends in %(count)d day", "Ends in %(count)d days", days) % {"count": days}


def _due(steps: Sequence[int], today: date, using: str) -> RegistryQuerySet:
    """The rows of which somebody has to be reminded."""
    due = Q()
    for step in steps:
        is_new = Q(reminded_before=None) | Q(reminded_before__gt=step)
        due |= Q(expires_on__lte=today + timedelta(days=step)) & is_new
    return Registry.objects.using(using).filter(due, expires_on__gte=today - timedelta(days=LATE))


def _lock(rows: RegistryQuerySet, steps: Sequence[int], today: date) -> list[Registry]:
    """Lock the rows, mark them, and return them, the most urgent first."""
    columns = rows.only("pk", "name", "kind", "expires_on", "reminded_before")
    found = list(columns.select_for_update().order_by("expires_on", "name_key")[:MOST])
    for step in steps:
        own = [row.pk for row in found if _step(row, steps, today) == step]
        for start in range(0, len(own), BATCH):
            batch = Registry.objects.using(rows.db).filter(pk__in=own[start : start + BATCH])
            batch.update(reminded_before=step)
    return found


def _step(row: Registry, steps: Sequence[int], today: date) -> int:
    """Return the last reminder that is due."""
    days = (row.expires_on - today).days if row.expires_on else 0
    return min(step for step in steps if days <= step)


def _enqueue(rows: Sequence[Registry], today: date, using: str) -> None:
    with override(settings.LANGUAGE_CODE):
        lines = [_line(row, today) for row in rows[: outbox.MOST_LINES]]
        subject = (
            lines[0]
            if len(rows) == 1
            else gettext("The credentials of %(count)d registries end soon, or have ended")
            % {"count": len(rows)}
        )
        # The most urgent one is the first.
        first = rows[0].expires_on
        is_urgent = first is None or first <= today + timedelta(days=URGENT)
        level = Level.ATTENTION if is_urgent else Level.INFO
        facts = {
            row.pk: {
                "expires_on": row.expires_on.isoformat(),
                "days": (row.expires_on - today).days,
            }
            for row in rows[: outbox.MOST_LINES]
            if row.expires_on
        }
        outbox.enqueue(
            KIND, subject, lines, rows, level=level, query="ends=soon", facts=facts, using=using
        )


def _line(row: Registry, today: date) -> str:
    """Return one line: `The credentials of “Acme” end in 7 days (Jan. 31, 2030)`."""
    if row.expires_on is None:
        return row.name
    days = (row.expires_on - today).days
    params = {"name": row.name, "count": days, "day": date_format(row.expires_on)}
    if days < 0:
        return gettext("The credentials of “%(name)s” ended on %(day)s") % params
    if days == 0:
        return gettext("The credentials of “%(name)s” end today (%(day)s)") % params
    text = ngettext(
        "The credentials of “%(name)s” end in %(count)d day (%(day)s)",
        "The credentials of “%(name)s” end in %(count)d days (%(day)s)",
        days,
    )
    return text % params
