"""Finds rows that are never used, because other rows are used for all of their images."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

from django.db.models import Q

from registries.kinds import KINDS
from registries.models import Registry
from registries.models.queryset import BEST_FIRST, RESOLVE_COLUMNS
from registries.resolving.rivals import (
    example_hosts,
    kinds_of,
    path_of,
    plain_host,
    sort_key,
    spellings,
)

# The most rows that are examined.
MOST = 2000
# The rows that answer for a host, or for a kind's own hosts, under a path, best first.
_Places = Mapping[tuple[str, str], list[Registry]]


def shadows(rows: Iterable[Registry]) -> dict[int, Registry]:
    """Return the rows that are never used, by primary key, each with the row used instead.

    One query, however many rows are given.
    """
    rows = [row for row in rows if row.kind in KINDS]
    hosts = {row.pk: example_hosts(row) for row in rows}
    named = {spelling for some in hosts.values() for host in some for spelling in spellings(host)}
    kinds = {slug for host in named for slug in kinds_of(host)}
    # A row that takes all images of another one has the same prefix, or only a host as its prefix.
    prefixes = {*(row.prefix for row in rows), *named, ""}
    condition = Q(host__in=named, prefix__in=prefixes) | Q(kind__in=kinds, host="", prefix="")
    places: dict[tuple[str, str], list[Registry]] = defaultdict(list)
    others = Registry.objects.only(*RESOLVE_COLUMNS).filter(condition).order_by(*BEST_FIRST)
    for other in others[:MOST]:
        places[plain_host(other.host) or other.kind, path_of(other)].append(other)
    used = ((row, _used_instead(row, hosts[row.pk], places)) for row in rows)
    return {row.pk: other for row, other in used if other}


def _used_instead(row: Registry, hosts: list[str], places: _Places) -> Registry | None:
    """Return the row used for the first host, if another row is used for every host."""
    first = None
    for host in hosts:
        keys = (plain_host(host), *kinds_of(host))
        others = chain.from_iterable(places.get((key, path_of(row)), ()) for key in keys)
        before = [
            other
            for other in others
            if other.pk != row.pk and other.answers_for(host) and sort_key(other) < sort_key(row)
        ]
        if not before:
            return None
        first = first or min(before, key=sort_key)
    return first
