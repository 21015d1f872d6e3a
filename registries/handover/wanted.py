"""What a credential is asked for: an image, a host as programs spell it, or registries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from registries.models import Registry
from registries.reference import HUB, InvalidReference, Reference, parse_prefix, without_scheme
from registries.text import gettext_noop as _

# Registries in one Secret or file.
MOST = 100

# As docker's files and helpers write a registry: with a scheme, with the version of its API.
_SERVER = re.compile(r"(?:https?://)?(?P<name>.*?)(?:/v[12])?/*", re.IGNORECASE | re.DOTALL)
# Below Docker Hub's address docker keeps what belongs to its own sign-in in the browser
# (docker/cli, cli/internal/oauth/manager): these are no images, and no registries.
_NO_IMAGE = re.compile(r"v[12]/.*", re.DOTALL)
_QUERY = re.compile(r"[?#]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of the three.

    image: its name, as in docker pull. host: a registry, in any spelling; a path behind it makes
    it an image. registries: ids of rows.
    """

    image: str = ""
    host: str = ""
    registries: tuple[int, ...] = ()

    def __str__(self) -> str:
        """For the audit. Of nonsense it leaves out what may be a password or a token."""
        text = self.image or self.host or ", ".join(f"#{each}" for each in self.registries)
        if not self.registries and self.reference() is None:
            text = _QUERY.split(text.rpartition("@")[2])[0]
        return "".join(filter(str.isprintable, text))[:600]

    def reference(self) -> Reference | None:
        """The image, or the host with no repository; None for registries, and for nonsense."""
        try:
            if self.image:
                return Reference.from_pasted(self.image)
            return _server(self.host) if self.host else None
        except InvalidReference:
            return None


def _server(text: str) -> Reference | None:
    match = _SERVER.fullmatch(text.strip())
    name = match["name"] if match else ""
    if "/" not in name:
        return Reference(parse_prefix(name), "")
    reference = Reference.parse(without_scheme(name))
    is_none = reference.host == HUB and _NO_IMAGE.fullmatch(reference.repository)
    return None if is_none else reference


def check_host(text: str) -> None:
    """Raise InvalidReference for a host with a user name or a password before it."""
    if "@" in text and Wanted(host=text).reference() is None:
        raise InvalidReference(_("Give the host without a user name or a password."))


def rows(wanted: Wanted, reference: Reference | None) -> Iterator[Registry]:
    """The rows that are meant, with their secrets; fewer than named where some are not there."""
    if wanted.registries:
        found = Registry.objects.in_bulk(wanted.registries)
        yield from (found[each] for each in dict.fromkeys(wanted.registries) if each in found)
    elif reference and (row := Registry.objects.resolve(reference)):
        yield row
