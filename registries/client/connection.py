"""Connections to permitted addresses, with a deadline and a limit on the bytes received.

The timeout of Python's sockets starts anew with every packet, so a server that sends slowly could
keep a caller waiting for ever. The sockets here set their timeout to what is left of the deadline
before every read and write. Within one operation OpenSSL keeps to it as well.
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

# Bytes that may arrive besides the body: the status line, headers and chunk sizes.
OVERHEAD = 256 * 1024


class BlockedAddress(Exception):
    """None of the host's addresses may be called."""


class TooLarge(OSError):
    """More bytes arrived than the limit allows."""


class ClientCertificateNeeded(OSError):
    """The server asks for a client certificate."""


class Guarded(socket.socket):
    """A socket with a deadline and a budget of bytes to read, both set for each request."""

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
    """A guarded socket with TLS."""

    def sendall(self, *args: Any) -> None:
        with suppress(ssl.SSLEOFError, ConnectionError):
            return super().sendall(*args)
        # The server has closed the connection. With TLS 1.3 the reason may still be unread: a
        # server refuses a missing client certificate after our side of the handshake.
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

    private: as in `addresses.permitted`. None allows every address, for targets that the operator
        configured. A proxy resolves names itself, so behind one only IP addresses and the names
        of metadata services can be checked.
    context: for https; None for http.
    Raises OSError (TimeoutError, ssl.SSLError, socket.gaierror, ProxyFault …) and BlockedAddress.
    """
    if proxy is None:
        sock = _connect(url, deadline, private)
    else:
        if private is not None and not _permitted_unresolved(url.host, private=private):
            raise BlockedAddress
        sock = _connect_to_proxy(proxy, deadline)
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
    """Return whether a host may be called, as far as that can be said without resolving it."""
    if is_literal(host):
        return permitted(host, private=private)
    return host.rstrip(".") not in METADATA_NAMES


def _connect_to_proxy(proxy: Proxy, deadline: Deadline) -> Guarded:
    """Connect to the proxy. Raises ProxyFault if that fails for any reason."""
    deadline.left()  # an expired deadline is not the proxy's fault
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
        addresses = [address for address in addresses if permitted(address, private=private)]
        if not addresses:
            raise BlockedAddress
    failure: OSError | None = None
    while addresses:
        # Each address gets a share of the time that is left, so that one that does not answer
        # leaves time for the next.
        share = deadline.left() / len(addresses)
        address = addresses.pop(0)
        sock = Guarded(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        sock.deadline, sock.budget = deadline, OVERHEAD
        sock.settimeout(share)
        try:
            # Connecting to the name would resolve it again, maybe to another address.
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
    target = f"[{url.host}]:{url.port}" if ":" in url.host else f"{url.host}:{url.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    status: int | None = None
    try:
        sock.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        with http.client.HTTPResponse(sock) as response:
            response.begin()
            status = response.status
    except TimeoutError:
        raise  # the proxy may be waiting for the server
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
        # Up to TLS 1.2 this alert has two meanings. Once a cipher was chosen, it can only mean that
        # the client certificate is missing.
        refused = error.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE" and sock.cipher() is not None
        if not refused:
            raise
    else:
        return
    raise ClientCertificateNeeded
