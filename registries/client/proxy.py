"""The outgoing proxy of the settings: what is called through it, and how it says no by itself."""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Self
from urllib.parse import unquote

from registries.client.urls import Url, is_literal

_HOST = re.compile(
    r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?:\*?(?P<below>\.))?(?P<name>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)\.?)"
    r"(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
# What a registry's errors have, and a proxy's pages have not.
_OF_REGISTRIES = ("WWW-Authenticate", "Docker-Distribution-Api-Version")


class ProxyFault(OSError):
    """The proxy is to blame: `code` stands in the catalogue of verdicts, `host` is the proxy's."""

    def __init__(self, code: str, host: str) -> None:
        super().__init__(code)
        self.code = code
        self.host = host


@dataclass(frozen=True, slots=True)
class Bypass:
    """What one entry of NO_PROXY leaves out, as Go's golang.org/x/net/http/httpproxy reads it.

    `*` is everything; `corp.example` a name and all below it; `.corp.example` and `*.corp.example`
    all below it alone; addresses and networks are those that stand in a URL, names are not
    resolved for them. A port (`host:5000`, `[::1]:5000`) is the only one that is left out.
    """

    name: str = ""
    only_below: bool = False
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Read an entry. Raises ValueError for one that is none of the forms above."""
        entry = entry.strip().lower()
        if entry == "*":
            return cls(name="*")
        if "%" not in entry and ("/" in entry or (entry.count(":") > 1 and "[" not in entry)):
            return cls(network=ip_network(entry, strict=False))
        if (match := _HOST.fullmatch(entry)) is None or ".." in entry:
            raise ValueError("not a form of NO_PROXY")
        port = int(match["port"]) if match["port"] else None
        if port is not None and not 0 < port < 65536:
            raise ValueError("no such port")
        if match["v6"] or is_literal(match["name"]):
            return cls(network=ip_network(match["v6"] or match["name"]), port=port)
        return cls(match["name"], bool(match["below"]), port=port)

    def covers(self, url: Url) -> bool:
        if self.port not in {None, url.port}:
            return False
        if self.name == "*":
            return True
        if is_literal(url.host):
            return self.network is not None and ip_address(url.host) in self.network
        host = url.host.rstrip(".")
        below = bool(self.name) and host.endswith(f".{self.name}")
        return below or (host == self.name and not self.only_below)


def unreadable(no_proxy: Iterable[str]) -> Iterator[str]:
    """The entries of NO_PROXY that leave nothing out, without what could be a password."""
    for entry in no_proxy:
        try:
            Bypass.parse(entry)
        except ValueError:
            yield re.sub(r"[^\w.:*\[\]/-]", "?", entry.rpartition("@")[2])[:100]


def _readable(no_proxy: Iterable[str]) -> Iterator[Bypass]:
    for entry in no_proxy:
        try:
            yield Bypass.parse(entry)
        except ValueError:
            continue  # a system check names it


@dataclass(frozen=True, slots=True)
class Proxy:
    """The outgoing proxy: where it listens, and what its Proxy-Authorization says, if anything."""

    url: Url
    bypassed: tuple[Bypass, ...]
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, no_proxy: Iterable[str] = ()) -> Self:
        """Read `http://[user:password@]host[:port]`, and what of `no_proxy` can be read.

        Raises ValueError for another scheme: TLS to the proxy itself is not spoken.
        """
        scheme, _, rest = url.partition("://")
        user, at, address = rest.rpartition("@")
        place = Url.parse(f"{scheme}://{address}")
        if place.scheme != "http" or place.target != "/":
            raise ValueError("a proxy is written http://host:port")
        bypassed = tuple(_readable(no_proxy))
        if not at:
            return cls(place, bypassed)
        name, _, password = user.partition(":")
        encoded = b64encode(unquote(f"{name}:{password}").encode()).decode()
        return cls(place, bypassed, f"Basic {encoded}")

    def serves(self, url: Url) -> bool:
        """Whether `url` is called through it."""
        return not any(entry.covers(url) for entry in self.bypassed)

    def fault(self, status: int | None) -> ProxyFault:
        """What it means that the proxy answered with `status` itself, or with nothing (None)."""
        if status == 407:
            code = "proxy_auth"
        elif status is None or status >= 500:
            code = "proxy_failed"
        else:
            code = "proxy_refused"
        return ProxyFault(code, self.url.authority)

    def answered_itself(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer to a request over plain HTTP is the proxy's own, not the registry's.

        Only proxies answer 407 (RFC 9110, section 15.5.8). What else they refuse, or cannot reach,
        they answer with a page of theirs.
        """
        if status != 403 and status < 500:
            return status == 407
        is_json = "json" in headers.get("Content-Type", "").lower()
        return not (is_json or any(name in headers for name in _OF_REGISTRIES))
