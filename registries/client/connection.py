"""One connection to one server: dialled to a vetted address, timed and counted to the last byte.

The standard library's socket time-out starts anew with every packet, so a server that trickles
can hold a caller for as long as it likes. Sockets here take what is left of the call's deadline
before every read and write instead; inside one operation OpenSSL keeps to it as well.
"""

import http.client
import socket
import ssl
from contextlib import suppress
from typing import Any, cast

from registries.client.addresses import METADATA_NAMES, permitted, resolve
from registries.client.deadline import Deadline
from registries.client.proxy import Proxy, ProxyFault
from registries.client.urls import Url, is_literal

# What may arrive besides the body: status line, headers, the framing of chunks.
OVERHEAD = 256 * 1024


class BlockedAddress(Exception):
    """Every address of the host is one that must not be called."""


class TooLarge(OSError):
    """More bytes arrived than were asked for."""


class ClientCertificateNeeded(OSError):
    """The server wants a certificate of ours."""


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

    def sendall(self, *args: Any) -> None:
        with suppress(ssl.SSLEOFError, ConnectionError):
            return super().sendall(*args)
        # The server has closed the connection. From TLS 1.3 on it may say why only now: what it
        # thinks of a missing client certificate comes after our side of the handshake.
        with suppress(ssl.SSLEOFError, ConnectionError):
            self.recv_into(bytearray(1))
        raise ConnectionResetError


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
    Raises OSError (TimeoutError, ssl.SSLError, socket.gaierror, ProxyFault …) and BlockedAddress.
    """
    if proxy is None:
        sock = _connect(url, deadline, private)
    else:
        if private is not None and not _permitted_unresolved(url.host, private=private):
            raise BlockedAddress
        sock = _reach(proxy, deadline)
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


def _permitted_unresolved(host: str, *, private: bool) -> bool:
    """Whether a host may be called, as far as it can be told without resolving its name."""
    if is_literal(host):
        return permitted(host, private=private)
    return host.rstrip(".") not in METADATA_NAMES


def _reach(proxy: Proxy, deadline: Deadline) -> Guarded:
    """Connect to the proxy. Raises ProxyFault where it is not there, whatever the reason."""
    deadline.left()  # what is over already is not the proxy's fault
    with suppress(OSError):
        return _connect(proxy.url, deadline, None)
    raise ProxyFault("proxy_unreachable", proxy.url.authority)


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
    status: int | None = None
    try:
        sock.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        with http.client.HTTPResponse(sock) as answer:
            answer.begin()
            status = answer.status
    except TimeoutError:
        raise  # it may be waiting for the server
    except (OSError, http.client.HTTPException):
        pass
    if status is None or not 200 <= status < 300:
        raise proxy.fault(status)


def _secure(sock: Guarded, context: ssl.SSLContext, host: str) -> Guarded:
    sock.settimeout(sock.deadline.left())
    secured = context.wrap_socket(
        sock, server_hostname=host.rstrip("."), do_handshake_on_connect=False
    )
    guarded = cast("GuardedTls", secured)  # the context's sslsocket_class
    guarded.deadline, guarded.budget = sock.deadline, sock.budget
    try:
        _shake_hands(guarded)
    except BaseException:
        guarded.close()
        raise
    return guarded


def _shake_hands(sock: GuardedTls) -> None:
    try:
        sock.do_handshake()
    except ssl.SSLError as error:
        # Up to TLS 1.2 this alert has two meanings. After a cipher was agreed on, there is nothing
        # left to refuse but the certificate that we do not have.
        refused = error.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE" and sock.cipher() is not None
        if not refused:
            raise
    else:
        return
    raise ClientCertificateNeeded
