"""The filters of the list. A filter on any other column would let a viewer guess at its values."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.display import LOOKS, STATES
from registries.admin.status import is_fine, needs_attention, sorted_kinds
from registries.kinds import KINDS
from registries.models.check import Origin, Trust


class KindFilter(admin.SimpleListFilter):
    title = _("Kind")
    parameter_name = "kind__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.slug, gettext(kind.label)) for kind in sorted_kinds()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        # Only what a row can hold: PostgreSQL refuses some texts altogether.
        return queryset.filter(kind=self.value()) if self.value() in KINDS else queryset.none()


class StateFilter(admin.SimpleListFilter):
    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(state, look.label) for state, look in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "authenticated":
                return queryset.authenticated()
            case "anonymous":
                return queryset.anonymous()
        return queryset


class VerdictFilter(admin.SimpleListFilter):
    title = _("Last check")
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("attention", _("Needs attention")),
            ("fine", _("Fine")),
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
            case "none":
                return queryset.filter(check_verdict="")
        verdict = self.value()
        return queryset.filter(check_verdict=verdict) if verdict in LOOKS else queryset.none()


class DefaultFilter(admin.SimpleListFilter):
    title = _("Default")
    parameter_name = "is_default__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Default rows")), ("0", _("Rows of your own"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(is_default=self.value() == "1") if self.value() else queryset


class _Choice(admin.SimpleListFilter):
    """A filter by one column of the audit; a value that it cannot have finds nothing."""

    choices_of: Any = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(self.choices_of)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if (value := self.value()) is None:
            return queryset
        known = value in dict(self.choices_of)
        return queryset.filter(Q((str(self.parameter_name), value))) if known else queryset.none()


class CheckVerdictFilter(_Choice):
    title = _("Verdict")
    parameter_name = "verdict"
    choices_of = [(verdict, look.label) for verdict, look in LOOKS.items() if verdict]


class OriginFilter(_Choice):
    title = _("Asked from")
    parameter_name = "origin"
    choices_of = Origin.choices


class TrustFilter(_Choice):
    title = _("Certificate")
    parameter_name = "trust"
    choices_of = Trust.choices


class RegistryFilter(admin.SimpleListFilter):
    """The checks of one row, to which its history leads; there is no choice among all rows."""

    title = _("Registry")
    parameter_name = "registry__id__exact"

    def has_output(self) -> bool:
        return self.value() is not None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, _("this one"))] if (value := request.GET.get(self.parameter_name)) else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not (value := self.value()):
            return queryset
        is_row = value.isascii() and value.isdigit() and len(value) < 19
        return queryset.filter(registry=int(value)) if is_row else queryset.none()


CHECK_FILTERS = (RegistryFilter, CheckVerdictFilter, OriginFilter, TrustFilter)
FILTERS = (KindFilter, StateFilter, VerdictFilter, DefaultFilter)
