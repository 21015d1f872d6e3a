"""One connection to one server: dialled to a vetted address, timed and counted to the last byte.

The standard library's socket time-out starts anew with every packet, so a server that trickles
can hold a caller for as long as it likes. Sockets here take what is left of the call's deadline
before every read and write instead; inside one operation OpenSSL keeps to it as well.
"""

import http.client
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Self, cast
from urllib.parse import unquote

from registries.client.addresses import METADATA_NAMES, permitted, resolve
from registries.client.deadline import Deadline
from registries.client.urls import Url

# What may arrive besides the body: status line, headers, the framing of chunks.
OVERHEAD = 256 * 1024


class BlockedAddress(Exception):
    """Every address of the host is one that must not be called."""


class TooLarge(OSError):
    """More bytes arrived than were asked for."""


class ProxyRefused(OSError):
    """The proxy did not open a tunnel."""


class Guarded(socket.socket):
    """A socket bound by a deadline and a number of bytes, both set anew for each request."""

    deadline: Deadline
    budget: int

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(self.deadline.left())
        count = super().recv_into(*args, **kwargs)
        self.budget -= count
        if self.budget < 0:
            raise TooLarge
        return count

    def sendall(self, *args: Any) -> None:
        self.settimeout(self.deadline.left())
        super().sendall(*args)


class GuardedTls(Guarded, ssl.SSLSocket):
    """The same over TLS."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The outgoing proxy: where it listens, and what its Proxy-Authorization says, if anything.

    bypassed: the names and networks that are called without it; `*` is all of them.
    """

    url: Url
    bypassed: tuple[str, ...]
    authorization: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str, no_proxy: tuple[str, ...] = ()) -> Self:
        """Read `http://[user:password@]host[:port]`, and `no_proxy` as in `transport.Options`.

        Raises ValueError for another scheme: TLS to the proxy itself is not spoken.
        """
        scheme, _, rest = url.partition("://")
        user, at, address = rest.rpartition("@")
        place = Url.parse(f"{scheme}://{address}")
        if place.scheme != "http" or place.target != "/":
            raise ValueError("a proxy is written http://host:port")
        bypassed = tuple(name.lower().removeprefix(".") for name in no_proxy)
        if not at:
            return cls(place, bypassed)
        encoded = b64encode(unquote(user).encode()).decode()
        return cls(place, bypassed, f"Basic {encoded}")

    def serves(self, host: str) -> bool:
        """Whether a host of `Url.parse` is called through it."""
        if "*" in self.bypassed:
            return False
        if is_literal(host):
            return not any(_in_network(host, name) for name in self.bypassed)
        return not any(host == name or host.endswith(f".{name}") for name in self.bypassed)


def dial(
    url: Url,
    deadline: Deadline,
    *,
    private: bool | None,
    proxy: Proxy | None,
    context: ssl.SSLContext | None,
) -> Guarded:
    """Connect to the server of `url`, through `proxy` where there is one.

    private: as in `addresses.permitted`; None allows every address, for targets that the
        operator named. Behind a proxy, which resolves names itself, only literal addresses and the
        names of metadata services can be judged.
    context: set for https.
    Raises OSError (TimeoutError, ssl.SSLError, socket.gaierror …) and BlockedAddress.
    """
    if proxy is None:
        sock = _connect(url, deadline, private)
    else:
        if private is not None and not _permitted_unresolved(url.host, private=private):
            raise BlockedAddress
        sock = _connect(proxy.url, deadline, None)
    try:
        if context is None:
            return sock
        if proxy is not None:
            _open_tunnel(sock, url, proxy)
        with deadline.step("tls"):
            return _secure(sock, context, url.host)
    except BaseException:
        sock.close()
        raise


def is_literal(host: str) -> bool:
    """Whether a host of `Url.parse` is an IP address."""
    return ":" in host or host.replace(".", "").isdigit()


def _permitted_unresolved(host: str, *, private: bool) -> bool:
    """Whether a host may be called, as far as it can be told without resolving its name."""
    if is_literal(host):
        return permitted(host, private=private)
    return host.rstrip(".") not in METADATA_NAMES


def _in_network(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def _connect(url: Url, deadline: Deadline, private: bool | None) -> Guarded:
    if is_literal(url.host):
        addresses = [url.host]
    else:
        with deadline.step("name"):
            addresses = resolve(url.host, deadline)
    if private is not None:
        addresses = [one for one in addresses if permitted(one, private=private)]
        if not addresses:
            raise BlockedAddress
    failure: OSError | None = None
    while addresses:
        # Each address gets its share of what is left, so that a dead one leaves time for the next.
        share = deadline.left() / len(addresses)
        address = addresses.pop(0)
        sock = Guarded(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        sock.deadline, sock.budget = deadline, OVERHEAD
        sock.settimeout(share)
        try:
            # The address itself: a name would be resolved a second time, maybe to another one.
            sock.connect((address, url.port))
        except OSError as error:
            sock.close()
            failure = error
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise failure or socket.gaierror


def _open_tunnel(sock: Guarded, url: Url, proxy: Proxy) -> None:
    """Ask the proxy for a tunnel (RFC 9110, section 9.3.6)."""
    place = f"[{url.host}]:{url.port}" if ":" in url.host else f"{url.host}:{url.port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    sock.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    with http.client.HTTPResponse(sock) as answer:
        answer.begin()
        opened = answer.status == http.client.OK
    if not opened:
        raise ProxyRefused


def _secure(sock: Guarded, context: ssl.SSLContext, host: str) -> Guarded:
    sock.settimeout(sock.deadline.left())
    secured = context.wrap_socket(sock, server_hostname=host.rstrip("."))
    guarded = cast("GuardedTls", secured)  # the context's sslsocket_class
    guarded.deadline, guarded.budget = sock.deadline, sock.budget
    return guarded
