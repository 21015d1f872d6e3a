"""A strict parser for URLs, so that the host that is checked is the host that is called."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self

PORTS = {"http": 80, "https": 443}
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?))"
    r"(?::(?P<port>[0-9]{1,5}))?"
    # Visible ASCII but for the quote, the backslash (a slash to some parsers) and the fragment.
    r"(?P<target>[/?][!$-\[\]-~]*)?",
    re.ASCII | re.IGNORECASE,
)
# Resolvers read such names as IPv4 addresses: 127.1, 0x7f000001, 2130706433.
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Url:
    """The parts of an http or https URL.

    `host` is in lower case and without brackets. `target` is the path and the query, unchanged; it
    is never empty.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse `url`.

        Raises ValueError for user information, a fragment, white space, non-ASCII characters, and
        for IP addresses that are not in their usual form. The message does not contain the URL.
        """
        if (match := _URL.fullmatch(url)) is None:
            raise ValueError("not a plain http or https URL")
        scheme = match["scheme"].lower()
        port = int(match["port"] or PORTS[scheme])
        if not 0 < port < 65536:
            raise ValueError("no such port")
        target = match["target"] or "/"
        if target.startswith("?"):
            target = f"/{target}"
        return cls(scheme, _host(match["v6"], match["name"]), port, target)

    @property
    def authority(self) -> str:
        """Host and port as in a Host header, without the default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.target


def is_literal(host: str) -> bool:
    """Return whether a host of `Url.parse` is an IP address."""
    return ":" in host or host.replace(".", "").isdigit()


def _host(v6: str | None, name: str) -> str:
    if v6 is not None:
        return str(IPv6Address(v6))
    host = name.lower()
    if ".." in host:
        raise ValueError("an empty label in a host name")
    return str(IPv4Address(host)) if _NUMERIC.fullmatch(host) else host


def origin(url: str) -> str:
    """Return `scheme://host[:port]` of `url` in lower case, without the default port.

    Raises ValueError as `Url.parse` does.
    """
    return Url.parse(url).origin
