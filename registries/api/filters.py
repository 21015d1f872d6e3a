"""The filters and orders of the list of registries. None of them uses a secret."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext
from django_filters import CharFilter, ChoiceFilter, DateFilter, FilterSet
from drf_spectacular.utils import extend_schema_field

from registries.api.params import later
from registries.kinds import KINDS
from registries.models import names
from registries.models.queryset import LONGEST_UNCHECKED_FIRST, RegistryQuerySet
from registries.text import gettext_noop as _
from registries.verdicts import Verdict

# The value of `verdict` for rows that were not checked since they were changed.
NOT_CHECKED = "none"
MAX_SEARCH = 100
DAY = "2030-01-31"

# The values of `ordering` and their columns. Each ends with a unique column, so that no row is on
# two pages.
ORDERS: dict[str, tuple[Any, ...]] = {
    "name": ("name_key",),
    "kind": ("kind", "pk"),
    "created_at": ("created_at", "pk"),
    "updated_at": ("updated_at", "pk"),
    "checked_at": LONGEST_UNCHECKED_FIRST,
}
ORDERINGS = tuple(sign + name for name in ORDERS for sign in ("", "-"))


def choice_filter(values: Collection[str], **options: Any) -> ChoiceFilter:
    """A filter that takes one of the values; its error names them, and not what was given."""
    message = later(_("Choose one of: %(values)s."), values=", ".join(values))
    choices = tuple((value, value) for value in values)
    return ChoiceFilter(
        choices=choices, label="", error_messages={"invalid_choice": message}, **options
    )


def day_filter(lookup: str, **options: Any) -> DateFilter:
    """A filter by the day on which credentials end."""
    return DateFilter(
        field_name="expires_on",
        lookup_expr=lookup,
        label="",
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": later(_("Enter a day such as %(example)s."), example=DAY)},
        **options,
    )


def _check_search(text: str) -> None:
    if len(text) > MAX_SEARCH or names.has_invisible(text):
        sentence = gettext(_("Enter at most %(longest)s visible characters."))
        raise ValidationError(sentence % {"longest": MAX_SEARCH})


class RegistryFilter(FilterSet):
    kind = choice_filter(KINDS, lookup_expr="exact", help_text="Only this kind.")
    state = choice_filter(
        ("anonymous", "authenticated"),
        method="filter_state",
        help_text="Only registries without credentials, or only those with.",
    )
    verdict = choice_filter(
        (*Verdict, NOT_CHECKED),
        method="filter_verdict",
        help_text=f"Only this verdict of the last check; `{NOT_CHECKED}` where there was no check.",
    )
    is_default = choice_filter(("true", "false"), method="filter_is_default")
    search = CharFilter(method="filter_search", label="", strip=False, validators=[_check_search])
    expires_before = day_filter(
        "lt", help_text="Only registries whose credentials end before this day, or have ended."
    )
    expires_after = day_filter("gt", help_text="Only registries whose credentials end later.")
    ordering = choice_filter(ORDERINGS, method="order")

    def filter_state(self, rows: RegistryQuerySet, name: str, value: str) -> RegistryQuerySet:
        return rows.authenticated() if value == "authenticated" else rows.anonymous()

    def filter_verdict(self, rows: RegistryQuerySet, name: str, value: str) -> RegistryQuerySet:
        return rows.filter(check_verdict="" if value == NOT_CHECKED else value)

    @extend_schema_field({"type": "boolean", "description": "Only default rows, or only others."})
    def filter_is_default(self, rows: RegistryQuerySet, name: str, value: str) -> RegistryQuerySet:
        return rows.filter(is_default__in=[value == "true"])

    @extend_schema_field(
        {
            "type": "string",
            "maxLength": MAX_SEARCH,
            "pattern": names.VISIBLE_PATTERN,
            "description": "Part of the name, the host or the prefix.",
        }
    )
    def filter_search(self, rows: RegistryQuerySet, name: str, value: str) -> RegistryQuerySet:
        # Names are searched by their key, so that é finds É on every database.
        return rows.filter(
            Q(name_key__contains=names.key(value))
            | Q(host__icontains=value)
            | Q(prefix__icontains=value)
        )

    @extend_schema_field(
        {
            "type": "string",
            "enum": [*ORDERINGS],
            "default": "name",
            "description": "What to sort by; with a hyphen the other way round. By `checked_at`,"
            " registries that were never checked come first.",
        }
    )
    def order(self, rows: RegistryQuerySet, name: str, value: str) -> RegistryQuerySet:
        rows = rows.order_by(*ORDERS[value.removeprefix("-")])
        return rows.reverse() if value.startswith("-") else rows
