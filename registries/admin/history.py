"""The history of a row: who changed what, its checks, and a chart of the last days."""

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, override

from registries.admin.base import Pages
from registries.admin.display import ago
from registries.admin.month import Month
from registries.forms.schedule import in_words
from registries.handover.auditing import Audit
from registries.handover.recipient import Recipient, address_of
from registries.kinds import Kind
from registries.models import Health, Registry
from registries.models.certificates import described
from registries.models.handover import Way

# Changes on a page.
ENTRIES = 50


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
        entries = Paginator(entries_of(row), ENTRIES).get_page(request.GET.get(PAGE_VAR, 1))
        context = {
            "title": gettext("History of “%(name)s”") % {"name": row},
            "entries": [ShownEntry(entry) for entry in entries],
            "action_list": entries,
            "pagination_required": entries.paginator.num_pages > 1,
            "page_range": entries.paginator.get_elided_page_range(entries.number),
            "page_var": PAGE_VAR,
            "month": Month.of(row),
            **(extra_context or {}),
        }
        return super().history_view(request, object_id, context)


def entries_of(row: Registry) -> Any:
    """Return who did what, the newest first. Earlier versions also stored checks there."""
    entries = LogEntry.objects.filter(
        object_id=str(row.pk), content_type=get_content_type_for_model(row)
    )
    changes = entries.exclude(change_message__startswith="Checked: ").select_related("user")
    return changes.order_by("-action_time", "-pk")


class Moment(NamedTuple):
    """What happened last to a row, and when."""

    text: str
    at: datetime

    @property
    def ago(self) -> str:
        return ago(self.at)


# A change by the admin is recorded in the same moment; what is later was no such change.
SAME = timedelta(minutes=1)


def last_changes(row: Registry) -> list[Moment]:
    """Return who changed the row when, and since when it is as it is, with one query."""
    moments = []
    if row.health and row.health_since:
        texts = {
            Health.FINE.value: gettext("Became fine"),
            Health.ATTENTION.value: gettext("Began to need attention"),
        }
        if text := texts.get(row.health):
            moments.append(Moment(text, row.health_since))
    entry = entries_of(row).first()
    if entry and entry.action_time > row.updated_at - SAME:
        by = {"user": entry.user.get_username()}
        moments.append(Moment(gettext("Changed by %(user)s") % by, entry.action_time))
    elif row.source:
        by = {"source": row.source}
        moments.append(Moment(gettext("Changed by the file %(source)s") % by, row.updated_at))
    else:
        moments.append(Moment(gettext("Changed"), row.updated_at))
    return moments
