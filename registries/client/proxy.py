"""The outgoing proxy: which URLs are called through it, and which responses are its own."""

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
# Headers of a registry's errors that the error pages of proxies do not have.
_REGISTRY_HEADERS = ("WWW-Authenticate", "Docker-Distribution-Api-Version")


class ProxyFault(OSError):
    """The proxy failed. `code` is one of the catalogue of verdicts, `host` is the proxy's."""

    def __init__(self, code: str, host: str) -> None:
        super().__init__(code)
        self.code = code
        self.host = host


@dataclass(frozen=True, slots=True)
class Bypass:
    """One entry of NO_PROXY, with the meaning of Go's golang.org/x/net/http/httpproxy.

    `*` matches everything, `corp.example` this name and all names below it, `.corp.example` and
    `*.corp.example` only the names below it. IP addresses and networks match URLs with an IP
    address; names are not resolved. An entry with a port (`host:5000`, `[::1]:5000`) matches
    only that port.
    """

    name: str = ""
    only_below: bool = False
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Parse an entry. Raises ValueError if it has none of these forms."""
        entry = entry.strip().lower()
        if entry == "*":
            return cls(name="*")
        if "%" not in entry and ("/" in entry or (entry.count(":") > 1 and "[" not in entry)):
            return cls(network=ip_network(entry, strict=False))
        if (match := _HOST.fullmatch(entry)) is None or ".." in entry:
            raise ValueError("not a valid entry of NO_PROXY")
        port = int(match["port"]) if match["port"] else None
        if port is not None and not 0 < port < 65536:
            raise ValueError("not a valid port")
        if match["v6"] or is_literal(match["name"]):
            return cls(network=ip_network(match["v6"] or match["name"]), port=port)
        return cls(match["name"], bool(match["below"]), port=port)

    def matches(self, url: Url) -> bool:
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
    """Yield the entries of NO_PROXY that cannot be parsed, without what may be a password."""
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
    """The outgoing proxy: its URL, the entries of NO_PROXY, and the header Proxy-Authorization."""

    url: Url
    bypasses: tuple[Bypass, ...]
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, no_proxy: Iterable[str] = ()) -> Self:
        """Parse `http://[user:password@]host[:port]` and the valid entries of `no_proxy`.

        Raises ValueError for any other scheme: TLS to the proxy itself is not supported.
        """
        scheme, _, rest = url.partition("://")
        user, at, address = rest.rpartition("@")
        proxy_url = Url.parse(f"{scheme}://{address}")
        if proxy_url.scheme != "http" or proxy_url.target != "/":
            raise ValueError("not of the form http://host:port")
        bypasses = tuple(_readable(no_proxy))
        if not at:
            return cls(proxy_url, bypasses)
        name, _, password = user.partition(":")
        encoded = b64encode(unquote(f"{name}:{password}").encode()).decode()
        return cls(proxy_url, bypasses, f"Basic {encoded}")

    def serves(self, url: Url) -> bool:
        """Return whether `url` is called through this proxy."""
        return not any(entry.matches(url) for entry in self.bypasses)

    def fault(self, status: int | None) -> ProxyFault:
        """Return the fault for a response of the proxy itself; `status` is None if it sent none."""
        if status == 407:
            code = "proxy_auth"
        elif status is None or status >= 500:
            code = "proxy_failed"
        else:
            code = "proxy_refused"
        return ProxyFault(code, self.url.authority)

    def answered_itself(self, status: int, headers: Mapping[str, str]) -> bool:
        """Return whether a response over plain HTTP is the proxy's own, not the registry's.

        Only proxies answer 407 (RFC 9110, section 15.5.8). For anything else that they refuse or
        cannot reach, they send a page.
        """
        if status != 403 and status < 500:
            return status == 407
        is_json = "json" in headers.get("Content-Type", "").lower()
        return not (is_json or any(name in headers for name in _REGISTRY_HEADERS))
