"""Loads the kinds of a site, which `REGISTRIES["KINDS"]` names."""

from collections.abc import Iterator

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from registries import conf
from registries.kinds import KINDS, Kind
from registries.kinds.conformance import faults

_OWN = frozenset(KINDS)
# The static file with a kind's logo.
MARK = "registries/marks/{}.svg"


def load() -> None:
    """Add the site's valid kinds to `KINDS`. This is called once at startup."""
    for name in names():
        kind, errors = examine(name)
        if kind is not None and not errors:
            KINDS[kind.slug] = kind


def names() -> tuple[str, ...]:
    """Return the dotted names in the setting, or none if it is invalid (a check reports that)."""
    try:
        return conf.get().kinds
    except ImproperlyConfigured:
        return ()


def examine(name: str) -> tuple[Kind | None, list[str]]:
    """Return the kind with a dotted name, and the reasons why it cannot be used."""
    try:
        kind = import_string(name)
    except ImportError as error:
        return None, [f"it cannot be imported ({error})"]
    if not isinstance(kind, Kind):
        return None, ["it is no Kind"]
    return kind, list(_faults(kind))


def _faults(kind: Kind) -> Iterator[str]:
    from django.contrib.staticfiles import finders  # noqa: PLC0415 - few sites bring kinds

    if kind.slug in _OWN or KINDS.get(kind.slug, kind) is not kind:
        yield f"another kind is called {kind.slug!r}"
    yield from faults(kind)
    if finders.find(mark := MARK.format(kind.slug)) is None:
        yield f"its mark is missing: the static file {mark}"
