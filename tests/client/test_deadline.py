"""One deadline for all that a call does, however slowly the other side goes about it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from registries.client.deadline import Deadline
from registries.client.errors import Unreachable
from registries.client.transport import Transport
from tests.client.calls import fails
from tests.client.test_addresses import answers
from tests.client.transports import RawServer, raw_server, read_head, send, transport
from tests.fakes.server import FakeServer, Reply

SECONDS = 0.4
PAUSE = 0.05
OK = b"HTTP/1.1 200 OK\r\n"
OKAY = OK + b"Content-Length: 2\r\n\r\nok"
HEADERS = b"".join(b"X-%d: x\r\n" % number for number in range(90))
# The beginning of a TLS handshake record that announces 512 bytes.
TLS_RECORD = b"\x16\x03\x03\x02\x00\x02" + b"\x00" * 400


def trickle(text: bytes, before: bytes = b"", *, request: bool = True) -> Callable[[Any], None]:
    """Send `before` at once and `text` byte by byte, for many times SECONDS, then close."""

    def serve(connection: socket.socket) -> None:
        if request:
            read_head(connection)
        connection.sendall(before)
        for byte in text:
            connection.sendall(bytes([byte]))
            time.sleep(PAUSE)

    return serve


def silent(connection: socket.socket) -> None:
    """Say nothing until the caller hangs up, or for many times SECONDS."""
    connection.settimeout(10)
    while connection.recv(65536):
        pass
    raise ConnectionResetError


@contextmanager
def times_out(server: RawServer, host: str = "") -> Iterator[None]:
    """Expect the caller to give up while the server is still at it."""
    with pytest.raises(Unreachable) as caught:
        yield
    assert server.finished == 0
    host = host or f"127.0.0.1:{server.port}"
    assert (caught.value.code, caught.value.params) == ("timeout", {"host": host})


def call(over: Transport, url: str) -> None:
    send(over, url, deadline=Deadline(SECONDS))


SLOW = {
    "silence": silent,
    "status": trickle(b"HTTP/1.1 200 " + b"x" * 900 + b"\r\n\r\n"),
    "headers": trickle(HEADERS + b"\r\n", OK),
    "body": trickle(b"x" * 900, OK + b"Content-Length: 901\r\n\r\n"),
    "body until close": trickle(b"x" * 900, OK + b"\r\n"),
    "chunks": trickle(b"1\r\nx\r\n" * 200, OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    "trailers": trickle(b"X: y\r\n" * 200, OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
}


@pytest.mark.parametrize(
    ("how", "tls"),
    [*((how, False) for how in SLOW), *((how, True) for how in ("silence", "headers", "body"))],
)
def test_slow_answer(how: str, *, tls: bool) -> None:
    """#40: a server that trickles is cut off in time, and what it sent is not believed."""
    with raw_server(SLOW[how], tls=tls) as (server, over), times_out(server):
        call(over, server.origin)


@pytest.mark.parametrize(
    "serve", [silent, trickle(TLS_RECORD, request=False)], ids=["silence", "trickle"]
)
def test_slow_handshake(serve: Callable[[socket.socket], None]) -> None:
    """#40: the TLS handshake counts."""
    with RawServer(serve) as server, times_out(server):
        call(transport(), f"https://127.0.0.1:{server.port}/")


def test_slow_tunnel() -> None:
    with (
        RawServer(trickle(HEADERS, OK)) as proxy,
        times_out(proxy, "registry.example"),
    ):
        call(transport(proxy=proxy.origin), "https://registry.example/")


@pytest.mark.parametrize("kept", [False, True])
def test_body_that_is_not_read(*, kept: bool) -> None:
    """A peer that stops reading holds up a large request no longer than the deadline."""
    stop = threading.Event()

    def deaf(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        if kept:
            read_head(connection)
            connection.sendall(OKAY)
        stop.wait(20)

    with RawServer(deaf) as server:
        over = transport()
        if kept:
            send(over, server.origin)
        with times_out(server):
            # Not a POST, which would take a new connection.
            send(over, server.origin, deadline=Deadline(SECONDS), body=b"x" * 20_000_000)
        stop.set()
    assert server.accepted == 1


@pytest.mark.parametrize("tls", [False, True])
def test_kept_connection_gets_the_new_deadline(wait: Callable[[float], None], *, tls: bool) -> None:
    """Neither does the end of an earlier one cut it short, nor does its length prolong it."""

    def serve(connection: socket.socket) -> None:
        for _ in range(3):
            read_head(connection)
            connection.sendall(OKAY)
        silent(connection)

    with raw_server(serve, tls=tls) as (server, over):
        for _ in range(3):
            send(over, server.origin, deadline=Deadline(60))
            wait(40)
        with times_out(server):
            call(over, server.origin)
    assert server.accepted == 1


def test_deadline_is_for_all_requests_of_a_call(wait: Callable[[float], None]) -> None:
    with FakeServer(lambda _: Reply(200, b"ok")) as server:
        over, deadline = transport(), Deadline(60)
        for _ in range(2):
            send(over, server.origin, deadline=deadline)
            wait(40)
        with fails("timeout"):
            send(over, server.origin, deadline=deadline)
    assert len(server.requests) == 2


def test_nothing_starts_after_the_end() -> None:
    with FakeServer(lambda _: Reply()) as server, fails("timeout"):
        send(transport(), server.origin, deadline=Deadline(0))
    assert server.connections == 0


def test_answer_that_ends_with_the_deadline() -> None:
    """#40: a body that is only complete because its reading ended too late is not believed."""

    class Late(Deadline):
        """Over as soon as everything has arrived."""

        def left(self) -> float:
            return 5.0

        def remaining(self) -> float:
            return 0.0

    with FakeServer(lambda _: Reply(200, b"ok")) as server, fails("timeout"):
        send(transport(), server.origin, deadline=Late(5))


def test_deadline(wait: Callable[[float], None]) -> None:
    deadline = Deadline(5)
    wait(4)
    assert deadline.remaining() == deadline.left() == 1
    assert not deadline.expired
    wait(1)
    assert deadline.remaining() == 0
    assert deadline.expired
    with pytest.raises(TimeoutError):
        deadline.left()


def test_deadline_ends_with_its_block() -> None:
    with Deadline(5) as deadline:
        assert not deadline.expired
    assert deadline.expired


def test_dead_address_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with an address that swallows packets and one that works is reached."""
    full = socket.create_server(("127.0.0.2", 0), backlog=0)
    port = full.getsockname()[1]
    fill = [socket.socket() for _ in range(4)]
    for one in fill:
        one.setblocking(False)
        one.connect_ex(("127.0.0.2", port))
    listener = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            read_head(connection)
            connection.sendall(OKAY)

    thread = threading.Thread(target=serve)
    thread.start()
    monkeypatch.setattr(socket, "getaddrinfo", answers("127.0.0.2", "127.0.0.1"))
    response = send(transport(), f"http://name.example:{port}/", deadline=Deadline(2))
    thread.join()
    for one in (full, listener, *fill):
        one.close()
    assert response.body == b"ok"
