"""The filters of the list. A filter on any other column would let a viewer guess at its values."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.looks import LOOKS, STATES
from registries.admin.overview import is_fine, needs_attention, sorted_kinds
from registries.kinds import KINDS


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


FILTERS = (KindFilter, StateFilter, VerdictFilter, DefaultFilter)
