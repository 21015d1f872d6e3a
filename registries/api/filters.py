"""Which registries a list shows, and in which order: explicit lists that name no secret."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from registries import names
from registries.api.parameters import Choice, Flag, Parameter, Words
from registries.kinds import KINDS
from registries.queryset import LONGEST_UNCHECKED_FIRST, RegistryQuerySet
from registries.verdicts import Verdict

# What `verdict` says of rows that were not checked as they stand.
NOT_CHECKED = "none"

# What `ordering` may name, and the columns behind it; equals keep one order, so that pages fit.
ORDERS: dict[str, tuple[Any, ...]] = {
    "name": ("name_key",),
    "kind": ("kind", "pk"),
    "created_at": ("created_at", "pk"),
    "updated_at": ("updated_at", "pk"),
    "checked_at": LONGEST_UNCHECKED_FIRST,
}

PARAMETERS = (
    Parameter(name="kind", help="Only this kind.", read=Choice(tuple(KINDS))),
    Parameter(
        name="state",
        help="Only registries without credentials, or only those with.",
        read=Choice(("anonymous", "authenticated")),
    ),
    Parameter(
        name="verdict",
        help=f"Only this verdict of the last check; `{NOT_CHECKED}` where there was no check.",
        read=Choice((*Verdict, NOT_CHECKED)),
    ),
    Parameter(name="is_default", help="Only default rows, or only others.", read=Flag()),
    Parameter(
        name="search", help="Part of the name, the host or the prefix.", read=Words(longest=100)
    ),
    Parameter(
        name="ordering",
        help="What to sort by; with a hyphen the other way round. By `checked_at`, registries that"
        " were never checked come first.",
        read=Choice(tuple(sign + name for name in ORDERS for sign in ("", "-"))),
        default="name",
    ),
)


def filtered(rows: RegistryQuerySet, wanted: Mapping[str, Any]) -> RegistryQuerySet:
    """The rows that the parameters ask for, in the order they ask for."""
    if (kind := wanted["kind"]) is not None:
        rows = rows.filter(kind=kind)
    if (state := wanted["state"]) is not None:
        rows = rows.authenticated() if state == "authenticated" else rows.anonymous()
    if (verdict := wanted["verdict"]) is not None:
        rows = rows.filter(check_verdict="" if verdict == NOT_CHECKED else verdict)
    if (is_default := wanted["is_default"]) is not None:
        rows = rows.filter(is_default__in=[is_default])
    if search := wanted["search"]:
        # A name is found as names are compared: é finds É on every database.
        rows = rows.filter(
            Q(name_key__contains=names.key(search))
            | Q(host__icontains=search)
            | Q(prefix__icontains=search)
        )
    name = wanted["ordering"].removeprefix("-")
    rows = rows.order_by(*ORDERS[name])
    return rows if name == wanted["ordering"] else rows.reverse()
