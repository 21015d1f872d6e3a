"""The filters of the list. With filters on other columns, viewers could guess their values."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from registries.admin.display import LOOKS, STATES, UNREADABLE, UNVERIFIED
from registries.admin.ends import (
    ENDED,
    SOON,
    SOON_OR_ENDED,
    UNKNOWN,
    URGENT,
    ends_soon,
    ends_within,
    has_ended,
)
from registries.admin.status import is_fine, needs_attention, readable_key_ids, sorted_kinds
from registries.checking import reminders
from registries.handover import FORMS
from registries.kinds import KINDS
from registries.models import Delivery, Notification, Registry
from registries.models.check import Origin, Trust
from registries.models.ending import EndSource
from registries.models.handover import ENTRUSTED, HANDED_OVER, Way
from registries.models.notification import Status
from registries.models.queryset import is_overdue

# Rows without a check in so many days.
AGES = (7, 30)


class KindFilter(admin.SimpleListFilter):
    title = _("Kind")
    parameter_name = "kind__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.slug, gettext(kind.label)) for kind in sorted_kinds()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        # Only possible values, because PostgreSQL refuses some texts.
        return queryset.filter(kind=self.value()) if self.value() in KINDS else queryset.none()


class StateFilter(admin.SimpleListFilter):
    """The state and warnings of a row."""

    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            *((state, look.label) for state, look in STATES.items()),
            ("default", _("Default registries")),
            ("own", _("Registries that you added")),
            ("file", _("Defined in a file")),
            ("unverified", UNVERIFIED.label),
            ("unreadable", UNREADABLE.label),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "authenticated":
                return queryset.authenticated()
            case "anonymous":
                return queryset.anonymous()
            case "default" | "own":
                return queryset.filter(is_default=self.value() == "default")
            case "file":
                return queryset.exclude(source="")
            case "unverified":
                return queryset.filter(verify_tls=False)
            case "unreadable":
                return queryset.exclude(key_id__in=readable_key_ids())
        return queryset


class VerdictFilter(admin.SimpleListFilter):
    title = _("Last check")
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("attention", _("Needs attention")),
            ("fine", _("Fine")),
            ("overdue", _("Check overdue")),
            *(
                (f"older-{days}", _("Not checked for %(days)d days") % {"days": days})
                for days in AGES
            ),
            *((verdict or "none", look.label) for verdict, look in LOOKS.items()),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case None:
                return queryset
            case "attention":
                return queryset.filter(needs_attention())
            case "fine":
                return queryset.filter(is_fine())
            case "overdue":
                return queryset.filter(is_overdue(timezone.now()))
            case "none":
                return queryset.filter(check_verdict="")
        verdict = self.value()
        for days in AGES:
            if verdict == f"older-{days}":
                since = timezone.now() - timedelta(days=days)
                return queryset.filter(Q(checked_at__lt=since) | Q(checked_at=None))
        return queryset.filter(check_verdict=verdict) if verdict in LOOKS else queryset.none()


class EndFilter(admin.SimpleListFilter):
    title = _("Ends")
    parameter_name = "ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (SOON_OR_ENDED, _("Ended, or in %(days)d days") % {"days": SOON}),
            (ENDED, _("Ended")),
            *((str(days), _("In %(days)d days") % {"days": days}) for days in (URGENT, SOON)),
            (UNKNOWN, pgettext_lazy("end of credentials", "Unknown")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case None:
                return queryset
            case "soon":
                return queryset.filter(ends_soon())
            case "ended":
                return queryset.filter(has_ended())
            case "7" | "30" as days:
                return queryset.filter(ends_within(int(days)))
            case "unknown":
                # Where the registry said that they do not end, that is known.
                found = queryset.authenticated().filter(expires_on=None)
                return found.exclude(expires_on_source=EndSource.LEARNED)
        return queryset.none()


class _Choice(admin.SimpleListFilter):
    """A filter by one column of the audit. An impossible value finds nothing."""

    choices_of: Any = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.choices_of)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if (value := self.value()) is None:
            return queryset
        if value not in dict(self.choices_of):
            return queryset.none()
        return queryset.filter(Q((str(self.parameter_name), value)))


class CheckVerdictFilter(_Choice):
    title = _("Verdict")
    parameter_name = "verdict"
    choices_of = [(verdict, look.label) for verdict, look in LOOKS.items() if verdict]


class OriginFilter(_Choice):
    title = _("Origin")
    parameter_name = "origin"
    choices_of = Origin.choices


class TrustFilter(_Choice):
    title = _("Certificate")
    parameter_name = "trust"
    choices_of = Trust.choices


class RegistryFilter(admin.SimpleListFilter):
    """The events of one row, for links from its history. It has no list of rows to choose from."""

    title = _("Registry")
    parameter_name = "registry__id__exact"

    def has_output(self) -> bool:
        return self.value() is not None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        value = request.GET.get(self.parameter_name)
        return [(value, self._name(value))] if value else []

    @staticmethod
    def _name(value: str) -> Any:
        is_row = value.isascii() and value.isdigit() and len(value) < 19
        row = Registry.objects.filter(pk=int(value)).first() if is_row else None
        return row.name if row else _("this one")

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not (value := self.value()):
            return queryset
        is_row = value.isascii() and value.isdigit() and len(value) < 19
        return queryset.filter(registry=int(value)) if is_row else queryset.none()


class OutcomeFilter(admin.SimpleListFilter):
    title = _("Outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (HANDED_OVER, _("Handed over")),
            ("refused", _("Refused")),
            (ENTRUSTED, _("Entrusted to other servers")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case None:
                return queryset
            case "handed_over" | "entrusted" as code:
                return queryset.filter(code=code)
            case "refused":
                return queryset.exclude(code__in=(HANDED_OVER, ENTRUSTED))
            case _:
                return queryset.none()


class FormFilter(_Choice):
    title = _("Form")
    parameter_name = "form"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(slug, gettext(form.label)) for slug, form in FORMS.items()]

    choices_of = [(slug, slug) for slug in FORMS]


class WayFilter(_Choice):
    title = _("Origin")
    parameter_name = "way"
    choices_of = Way.choices


# What notifications are about.
NOTIFICATION_KINDS = {
    Notification.STATE: _("Change of state"),
    reminders.KIND: _("End of credentials"),
    Notification.TEST: _("Test message"),
}


class NotificationKindFilter(_Choice):
    title = _("About")
    parameter_name = "kind"
    choices_of = list(NOTIFICATION_KINDS.items())


class StatusFilter(admin.SimpleListFilter):
    """How a notification fared at one of its receivers at least."""

    title = _("Delivery")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (Status.FAILED.value, _("Failed")),
            (Status.PENDING.value, _("Waiting")),
            (Status.SENT.value, _("Sent")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if (value := self.value()) is None:
            return queryset
        deliveries = Delivery.objects.filter(notification=OuterRef("pk"), status=value)
        return queryset.filter(Exists(deliveries)) if value in Status.values else queryset.none()


def narrowing(cl: Any) -> dict[str, Any]:
    """Return what a list's toolbar shows: its filters, and links to clear them and the search."""
    names = [spec.parameter_name for spec in cl.filter_specs]
    return {
        "filters": [(spec, list(spec.choices(cl))) for spec in cl.filter_specs],
        "without_search": cl.get_query_string({SEARCH_VAR: None}),
        "without_filters": cl.get_query_string(dict.fromkeys(names)),
        "search_params": {name: param for name, param in cl.params.items() if name != SEARCH_VAR},
        "is_narrowed": cl.has_active_filters or cl.query,
    }


CHECK_FILTERS = (RegistryFilter, CheckVerdictFilter, OriginFilter, TrustFilter)
NOTIFICATION_FILTERS = (StatusFilter, NotificationKindFilter)
HANDOVER_FILTERS = (RegistryFilter, OutcomeFilter, FormFilter, WayFilter)
FILTERS = (KindFilter, StateFilter, VerdictFilter, EndFilter)
