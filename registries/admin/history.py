"""The history of a row: who changed what, its checks, and a chart of the last days."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext, override

from registries.admin.base import Pages
from registries.admin.display import LOOKS, TONES
from registries.forms.schedule import in_words
from registries.handover.auditing import Audit
from registries.handover.recipient import Recipient, address_of
from registries.kinds import Kind
from registries.models import Registry
from registries.models.certificates import described
from registries.models.handover import Way

# Changes on a page.
ENTRIES = 50
# The chart's number of days, and its size.
DAYS, DAY, HEIGHT = 30, 10, 40


class Change(NamedTuple):
    """The change of a field. For logins and secrets, only that it changed."""

    label: str
    values: tuple[str, str] | None


class ShownEntry(NamedTuple):
    """A change as the page shows it."""

    entry: LogEntry

    @property
    def changes(self) -> list[Change]:
        """The fields that were changed, if they were recorded."""
        try:
            [change] = json.loads(self.entry.change_message)
            changed = change["changed"]
            values = changed["values"]
            return [
                Change(gettext(label), tuple(values[label]) if label in values else None)
                for label in changed["fields"]
            ]
        except (ValueError, TypeError, KeyError):
            return []  # an earlier version's, or no change of fields

    @property
    def sentence(self) -> str:
        return gettext(self.entry.get_change_message())


class Day(NamedTuple):
    """A day of the chart: a text for screen readers, and bars with a tone, a top and a height."""

    left: int
    label: str
    bars: list[tuple[str, float, float]]


def changed_values(form: Any) -> dict[str, tuple[str, str]]:
    """The old and the new value of each field that changed, by its label.

    Nothing that signs in, neither secrets nor user names: those may be tokens.
    """
    kind: Kind = form.kind
    choices = {variable.name for variable in kind.variables if variable.choices is not None}
    names = {"name", "prefix", "verify_tls", "ca_certificate", "check_every", "expires_on"}
    names |= {*kind.address, *choices}
    values = {}
    for name in names.difference(kind.secrets).intersection(form.changed_data):
        old, new = _text(form.initial.get(name)), _text(getattr(form.instance, name, None))
        if name == "check_every":
            old, new = (in_words(int(text)) if text else "" for text in (old, new))
        if name == "ca_certificate":
            old, new = described(old), described(new)
        values[str(form.fields[name].label)] = (old, new)
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else str(value)


class HistoryPages(Pages):
    """Records changes, and shows the page of a row's history."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        message: Any = super().construct_change_message(request, form, formsets, add)
        with override(None):  # as Django keeps the labels
            values = changed_values(form)
        for part in message:
            if "changed" in part:
                part["changed"]["values"] = values
        return message

    def save_model(self, request: HttpRequest, obj: Registry, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.is_entrusted:
            trusted = described(obj.ca_certificate) if obj.verify_tls else "verify_tls: off"
            recipient = Recipient.of(request.user, Way.ADMIN, address=address_of(request))
            Audit(recipient, trusted[:600], "").record_entrusted(obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return super().history_view(request, object_id, extra_context)
        entries = Paginator(_entries(row), ENTRIES).get_page(request.GET.get(PAGE_VAR, 1))
        context = {
            "title": gettext("History of “%(name)s”") % {"name": row},
            "entries": [ShownEntry(entry) for entry in entries],
            "action_list": entries,
            "pagination_required": entries.paginator.num_pages > 1,
            "page_range": entries.paginator.get_elided_page_range(entries.number),
            "page_var": PAGE_VAR,
            "days": days(row.checks.all()),
            "chart_width": DAYS * DAY,
            "chart_height": HEIGHT,
            **(extra_context or {}),
        }
        return super().history_view(request, object_id, context)


def _entries(row: Registry) -> Any:
    """Return who did what, the newest first. Earlier versions also stored checks there."""
    entries = LogEntry.objects.filter(
        object_id=str(row.pk), content_type=get_content_type_for_model(row)
    )
    changes = entries.exclude(change_message__startswith="Checked: ").select_related("user")
    return changes.order_by("-action_time", "-pk")


def days(checks: Any) -> list[Day]:
    """Return the last days, the oldest first, with the stored checks of each."""
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    counts: dict[Any, Counter[str]] = defaultdict(Counter)
    since = timezone.now() - timedelta(days=DAYS)
    for moment, verdict in _moments(checks.filter(checked_at__gte=since)):
        counts[_day_of(moment)][LOOKS.get(verdict, LOOKS[""]).tone] += 1
    most = max((sum(count.values()) for count in counts.values()), default=1)
    result = []
    for number in range(DAYS):
        day = first + timedelta(days=number)
        result.append(_day(number, formats.date_format(day), counts[day], HEIGHT / most))
    return result


def _moments(checks: Any) -> Iterable[tuple[Any, str]]:
    rows: Iterable[tuple[Any, str]] = checks.order_by().values_list("checked_at", "verdict")
    return rows


def _day_of(moment: Any) -> Any:
    return timezone.localtime(moment).date() if timezone.is_aware(moment) else moment.date()


def _day(number: int, date: str, count: Counter[str], scale: float) -> Day:
    parts = [word % {"count": count[tone]} for tone, word in TONES.items() if count[tone]]
    bars, top = [], float(HEIGHT)
    for tone in TONES:
        if count[tone]:
            height = count[tone] * scale
            top -= height
            bars.append((tone, round(top, 2), round(height, 2)))
    return Day(number * DAY, f"{date}: {', '.join(parts) or gettext('no checks')}", bars)
