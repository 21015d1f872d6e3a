"""Place: the registry, or the part of one, that an entry is for."""

import re
from typing import NamedTuple

from registries.reference import HUB, InvalidReference, parse_prefix
from registries.text import Text
from registries.text import gettext_noop as _

_SCHEME = re.compile(r"(?:(https?):)?//", re.IGNORECASE)
NO_ADDRESS = _("This is not the address of a registry, such as registry.example.com:5000.")
# Older programs, and docker's key for Docker Hub, have the API's version behind the host.
_API = re.compile(r"/v[12](?=/|\Z)")
_LOCAL = re.compile(r"(?:localhost|127(?:\.\d+){3}|\[::1\])(?:[:/]|\Z)", re.IGNORECASE)
# A host name without a dot, such as `docker login my-server` stores.
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


class Place(NamedTuple):
    """A registry, or a part of it. host: with its port, unless that is 443. path: may be empty."""

    scheme: str
    host: str
    path: str

    @property
    def text(self) -> str:
        return f"{self.host}/{self.path}" if self.path else self.host

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"


class NoPlace(Exception):
    """A text is not the address of a registry; `text` says why."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(str(text))


def parse_place(key: str, *, over_tls: bool = False) -> Place:
    """Parse a host, an address or a prefix of images. All names of Docker Hub become `docker.io`.

    over_tls: http is only for this machine itself. Docker, podman and the kubelet ignore the scheme
    of a key, and use TLS for what their own settings do not say otherwise about.

    Raises NoPlace.
    """
    key = key.strip()
    scheme = _SCHEME.match(key)
    is_http = scheme is not None and (scheme[1] or "").lower() == "http"
    if over_tls and scheme and not _LOCAL.match(key[scheme.end() :]):
        is_http = False
    rest = _API.sub("", key[scheme.end() :] if scheme else key, count=1).rstrip("/")
    first, slash, path = rest.partition("/")
    if _LABEL.fullmatch(first) and first.lower() != "localhost":
        # Here, a name without a dot is a host and not a user of Docker Hub. Images name its port.
        rest = f"{first}:{80 if is_http else 443}{slash}{path}"
    try:
        host, _slash, path = parse_prefix(rest).partition("/")
    except InvalidReference:
        raise NoPlace(Text(NO_ADDRESS)) from None
    return Place("http" if is_http and host != HUB else "https", host, path)
