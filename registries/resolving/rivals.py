"""Finds rows that answer for the same images, and tells which of them is used.

`RegistryQuerySet.resolve` chooses the best of them. So a new row can change how the images of an
existing one are read: over http, from another server, without verifying certificates.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from registries.kinds import KINDS
from registries.models import Registry
from registries.models.queryset import SECRETS
from registries.resolving.hosts import patterns
from registries.text import gettext_noop as _

# Removing this from a host template leaves what follows its last placeholder: a suffix of hosts, by
# which the database can search.
_UP_TO_LAST_LABEL = re.compile(r".*\{\w+\}")
REFUSAL = _(
    "%(name)s is already used for these images, and differs in: %(differs)s. Ask somebody"
    " who may change registries to add this one."
)
QUOTED, UNNAMED = _("“%(name)s”"), _("Another registry")


class Rival(NamedTuple):
    """A row that answers for images of another one.

    differs: what is different, as words to translate; empty if both read the images alike.
    comes_first: whether this row is chosen for the images that both rows answer for.
    takes_all: whether the row that comes first leaves no image to the other one.
    """

    row: Registry
    differs: tuple[str, ...]
    comes_first: bool
    takes_all: bool


def overlaps(row: Registry, most: int | None = None) -> Iterator[Rival]:
    """Yield the rows that answer for some of the row's images.

    most: how many candidates are examined; None for all.
    """
    for other in _candidates(row)[:most]:
        if other.kind not in KINDS or (host := _common_host(row, other)) is None:
            continue
        first, second = sorted((row, other), key=sort_key)
        differs = tuple(_differences(row, other, host))
        yield Rival(other, differs, first is other, _answers_for_all(first, second))


def rivals(row: Registry) -> Iterator[Rival]:
    """Yield the rows that answer for some of the row's images and would read them differently."""
    return (rival for rival in overlaps(row) if rival.differs)


def shown_name(name: str, *, may_view: bool) -> str:
    """Return a row's name for a sentence; without it for somebody who may not see rows."""
    return gettext(QUOTED) % {"name": name} if may_view else gettext(UNNAMED)


def refusal(row: Registry, *, may_view: bool) -> str:
    """Return why somebody who may only add rows may not add this one; empty if nothing does.

    It would change how the images of an existing row are read.
    """
    if (rival := next(rivals(row), None)) is None:
        return ""
    differs = ", ".join(map(gettext, rival.differs))
    name = shown_name(rival.row.name, may_view=may_view)
    return gettext(REFUSAL) % {"name": name, "differs": differs}


def _answers_for_all(first: Registry, second: Registry) -> bool:
    """Tell whether the first row answers for every image that the second one answers for."""
    hosts = example_hosts(second)
    is_within = f"{path_of(second)}/".startswith(f"{path_of(first)}/") or not path_of(first)
    return is_within and bool(hosts) and all(map(first.answers_for, hosts))


def plain_host(host: str) -> str:
    """Return a host without the ports that may be left out."""
    return host.removesuffix(":443").removesuffix(":80")


def spellings(host: str) -> set[str]:
    """Return a host with and without the ports that may be left out."""
    plain = plain_host(host)
    return {plain, f"{plain}:443", f"{plain}:80", host}


def kinds_of(host: str) -> list[str]:
    """Return the slugs of the kinds whose own hosts include this one."""
    return [kind.slug for kind in KINDS.values() if kind.match_host(plain_host(host)) is not None]


def _candidates(row: Registry) -> QuerySet[Registry]:
    """Return the rows that may answer for a host of the row, as far as the database can tell."""
    if host := _host(row):
        condition = Q(host__in=spellings(host)) | Q(kind__in=kinds_of(host), host="")
    else:
        condition = Q(kind=row.kind, host="")
        for template in row.declaration.hosts:
            suffix = _UP_TO_LAST_LABEL.sub("", template)
            condition |= Q(host=template) if suffix == template else Q(host__endswith=suffix)
    return Registry.objects.filter(condition).exclude(pk=row.pk).order_by("name_key")


def _host(row: Registry) -> str:
    """Return the host in the prefix or the address; empty if the kind's own hosts decide."""
    prefix = (row.prefix or "").partition("/")[0]
    return prefix or row.declaration.own_host(row.plain_values()) or ""


def example_hosts(row: Registry) -> list[str]:
    """Return an example for each kind of host that the row answers for."""
    if host := _host(row):
        return [host]
    return [pattern.example for pattern in patterns(row)]


def _common_host(row: Registry, other: Registry) -> str | None:
    """Return a host with images that both rows answer for, or None."""
    shorter, longer = sorted((path_of(row), path_of(other)), key=len)
    if shorter and not f"{longer}/".startswith(f"{shorter}/"):
        return None
    # If one of the rows names a host, the other one may answer for it too.
    named, unnamed = (row, other) if _host(row) else (other, row)
    return next((host for host in example_hosts(named) if unnamed.answers_for(host)), None)


def path_of(row: Registry) -> str:
    return (row.prefix or "").partition("/")[2]


def _differences(row: Registry, other: Registry, host: str) -> Iterator[str]:
    """Yield what differs if the other row reads images of the host."""
    mine, theirs = _address(row, host), _address(other, host)
    if row.kind != other.kind:
        yield _("kind")
    if mine[0] != theirs[0]:
        yield _("scheme")
    if mine[1:] != theirs[1:]:
        yield _("address")
    if path_of(row) != path_of(other):
        yield _("images")
    if row.verify_tls != other.verify_tls:
        yield _("verification of the certificate")
    if _ca(row) != _ca(other):
        yield _("CA certificate")
    if row.state != other.state:
        yield _("credentials")


def _address(row: Registry, host: str) -> tuple[str, str, str]:
    """Return scheme, address and token server that the row uses for images of a host."""
    values = row.plain_values()
    scheme, _separator, rest = (values.get("url") or f"https://{host}").partition("://")
    return scheme, row.plain_host(rest), values.get("authurl", "")


def _ca(row: Registry) -> str:
    return "".join((row.ca_certificate or "").split())


def sort_key(row: Registry) -> tuple[object, ...]:
    """Return the sort key of a row; one that is not saved yet counts as the newest."""
    is_new = row._state.adding
    # A row that is loaded without its secrets was not changed: the database knows its state.
    is_part = not row.get_deferred_fields().isdisjoint(SECRETS)
    has_secrets = row.has_secrets if is_part else row.state == "authenticated"
    created = 0.0 if is_new else row.created_at.timestamp()
    return -len(row.prefix or ""), not has_secrets, row.is_default, is_new, created, row.pk or 0
