"""Rows that answer for the same images, and how they would read them differently.

Of several the best is chosen (`RegistryQuerySet.resolve`), so a new row can change how the images
of one that exists are read: over http, from another server, without verifying certificates.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Q, QuerySet

from registries.kinds import KINDS
from registries.models import Registry
from registries.text import gettext_noop as _

# A host for each label of a kind's templates, to ask a row whether it answers for such hosts.
EXAMPLES = {"name": "x", "account": "0" * 12, "region": "us-east-1", "location": "us"}
# What of a host template stands behind its last label: all that a database can search by.
_BEHIND = re.compile(r".*\{\w+\}")


class Rival(NamedTuple):
    """A row that answers for images of another one.

    differs: in what it differs, in words to be translated; empty where both read alike.
    comes_first: whether it is the one that is chosen for images that both answer for.
    """

    row: Registry
    differs: tuple[str, ...]
    comes_first: bool


def rivals(row: Registry, most: int | None = None) -> Iterator[Rival]:
    """The rows that answer for some of the row's images and would read them otherwise.

    most: how many rows are looked at; None looks at all that may answer.
    """
    for other in _candidates(row)[:most]:
        if other.kind not in KINDS or (host := _common_host(row, other)) is None:
            continue
        if differs := tuple(_differences(row, other, host)):
            yield Rival(other, differs, _place(other) < _place(row))


def _candidates(row: Registry) -> QuerySet[Registry]:
    """Rows that may answer for some host of the row; what a database can tell of that."""
    if host := _host(row):
        plain = host.removesuffix(":443").removesuffix(":80")
        found = Q(host__in=[plain, f"{plain}:443", f"{plain}:80", host])
        answering = [kind.slug for kind in KINDS.values() if kind.match_host(plain) is not None]
        found |= Q(kind__in=answering, host="")
    else:
        found = Q(kind=row.kind, host="")
        for template in row.declaration.hosts:
            behind = _BEHIND.sub("", template)
            found |= Q(host=template) if behind == template else Q(host__endswith=behind)
    return Registry.objects.filter(found).exclude(pk=row.pk).order_by("name_key")


def _host(row: Registry) -> str:
    """The one host that prefix or address name; nothing where the kind's own hosts decide."""
    prefix = (row.prefix or "").partition("/")[0]
    return prefix or row.declaration.own_host(row.plain_values()) or ""


def _hosts(row: Registry) -> list[str]:
    """Hosts that stand for all that the row answers for."""
    if host := _host(row):
        return [host]
    values = row.plain_values()
    filled = (
        re.sub(
            r"\{(\w+)\}",
            lambda label: values.get(label[1]) or EXAMPLES.get(label[1], "x"),
            template,
        )
        for template in row.declaration.hosts
    )
    return [host for host in filled if row.may_answer_for(host)]


def _common_host(row: Registry, other: Registry) -> str | None:
    """A host of which some images are both rows'; None where they have none in common."""
    shorter, longer = sorted((_path(row), _path(other)), key=len)
    if shorter and not f"{longer}/".startswith(f"{shorter}/"):
        return None
    # The one that names a host decides: the other is asked whether it answers for it as well.
    one, another = (row, other) if _host(row) else (other, row)
    return next((host for host in _hosts(one) if another.answers_for(host)), None)


def _path(row: Registry) -> str:
    return (row.prefix or "").partition("/")[2]


def _differences(row: Registry, other: Registry, host: str) -> Iterator[str]:
    """In what the other row would read images of the host otherwise."""
    mine, theirs = _address(row, host), _address(other, host)
    if row.kind != other.kind:
        yield _("kind")
    if mine[0] != theirs[0]:
        yield _("scheme")
    if mine[1:] != theirs[1:]:
        yield _("address")
    if _path(row) != _path(other):
        yield _("images they are for")
    if row.verify_tls != other.verify_tls:
        yield _("verification of the certificate")
    if _ca(row) != _ca(other):
        yield _("CA certificate")
    if row.state != other.state:
        yield _("credentials")


def _address(row: Registry, host: str) -> tuple[str, str, str]:
    """Scheme, place and token server of where the row reads images of a host."""
    values = row.plain_values()
    scheme, _separator, rest = (values.get("url") or f"https://{host}").partition("://")
    return scheme, row.plain_host(rest), values.get("authurl", "")


def _ca(row: Registry) -> str:
    return "".join((row.ca_certificate or "").split())


def _place(row: Registry) -> tuple[object, ...]:
    """Where a row stands among those that answer; one that is not saved yet is the youngest."""
    has_secrets = row.state == "authenticated"
    is_new = row._state.adding
    created = 0.0 if is_new else row.created_at.timestamp()
    return -len(row.prefix or ""), not has_secrets, row.is_default, is_new, created, row.pk or 0
