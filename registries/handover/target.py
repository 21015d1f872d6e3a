"""Target: what credentials are requested for: an image, a registry's host, or rows by their ids."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from registries.models import Registry
from registries.reference import HUB, InvalidReference, Reference, parse_prefix, without_scheme
from registries.text import gettext_noop as _

# How many registries one Secret or file may hold.
MAX_REGISTRIES = 100

# Docker's files and helpers write a registry with a scheme, and with the version of its API.
_SERVER = re.compile(r"(?:https?://)?(?P<name>.*?)(?:/v[12])?/*", re.IGNORECASE | re.DOTALL)
# Docker stores the tokens of its own browser sign-in under paths of Docker Hub's address
# (docker/cli, cli/internal/oauth/manager). They are neither images nor registries.
_DOCKER_SIGN_IN = re.compile(r"v[12]/.*", re.DOTALL)
_QUERY = re.compile(r"[?#]")


@dataclass(frozen=True, slots=True)
class Target:
    """One of three things; the other two are empty.

    image: its name, as in docker pull. host: a registry in any spelling that programs use; with a
    path behind it, it is an image. registries: ids of rows.
    """

    image: str = ""
    host: str = ""
    registries: tuple[int, ...] = ()

    def __str__(self) -> str:
        """The target as the audit stores it.

        If it cannot be read as an image or host, parts that may be a password or token are left
        out.
        """
        text = self.image or self.host or ", ".join(f"#{pk}" for pk in self.registries)
        if not self.registries and self.reference() is None:
            text = _QUERY.split(text.rpartition("@")[2])[0]
        return "".join(filter(str.isprintable, text))[:600]

    def reference(self) -> Reference | None:
        """The image, or the host with an empty repository.

        None for ids, and for a text that is neither an image nor a host.
        """
        try:
            if self.image:
                return Reference.from_pasted(self.image)
            return _parse_server(self.host) if self.host else None
        except InvalidReference:
            return None


def _parse_server(text: str) -> Reference | None:
    match = _SERVER.fullmatch(text.strip())
    name = match["name"] if match else ""
    if "/" not in name:
        return Reference(parse_prefix(name), "")
    reference = Reference.parse(without_scheme(name))
    is_sign_in = reference.host == HUB and _DOCKER_SIGN_IN.fullmatch(reference.repository)
    return None if is_sign_in else reference


def check_host(text: str) -> None:
    """Raise InvalidReference for a host with a user name or a password before it."""
    if "@" in text and Target(host=text).reference() is None:
        raise InvalidReference(_("Enter the host without a user name or a password."))


def find_rows(target: Target, reference: Reference | None) -> Iterator[Registry]:
    """The target's rows, with their secrets. Ids that do not exist are left out.

    reference: what `target.reference()` returned.
    """
    if target.registries:
        rows = Registry.objects.in_bulk(target.registries)
        yield from (rows[pk] for pk in dict.fromkeys(target.registries) if pk in rows)
    elif reference and (row := Registry.objects.resolve(reference)):
        yield row
