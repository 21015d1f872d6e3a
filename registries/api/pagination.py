"""Pages: a bounded number of rows at a time, found by two queries."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.utils.urls import replace_query_param

from registries.api.parameters import Number, Parameter

PARAMETERS = (
    Parameter(name="page", help="The page, from 1.", read=Number(), default=1),
    Parameter(name="page_size", help="Registries on a page.", read=Number(most=500), default=50),
)


def page(
    rows: QuerySet[Any, Any],
    wanted: Mapping[str, Any],
    address: str,
    represent: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """One page of rows, with the addresses of its neighbours. Raises Http404 beyond the end."""
    number, size = wanted["page"], wanted["page_size"]
    count = rows.count()
    pages = max(1, -(-count // size))
    if number > pages:
        raise Http404

    def neighbour(other: int) -> str | None:
        return replace_query_param(address, "page", other) if 1 <= other <= pages else None

    start = (number - 1) * size
    return {
        "count": count,
        "next": neighbour(number + 1),
        "previous": neighbour(number - 1),
        "results": [represent(row) for row in rows[start : start + size]],
    }
