"""What the transport's tests share: options, and a server that does not speak by the book."""

import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import trustme

from registries.client.deadline import Deadline
from registries.client.errors import ClientError
from registries.client.transport import Options, Response, Transport
from tests.fakes.server import Reply, Request

TESTS = Path(__file__).parents[1]

DEFAULTS: dict[str, Any] = {
    "timeout": 5.0,
    "user_agent": "tests",
    "ca_bundle": None,
    "proxy": None,
    "no_proxy": (),
    "allow_private_addresses": True,
    "endpoints": {},
}


def transport(**options: Any) -> Transport:
    return Transport(Options(**{**DEFAULTS, **options}))


def hello(_: Request) -> Reply:
    return Reply(200, b"hello")


def send(over: Transport, url: str, method: str = "GET", **more: Any) -> Response:
    return over.request(method, url, **{"deadline": Deadline(5), "limit": 1000, **more})


def get(over: Transport, url: str, **more: Any) -> bytes:
    return send(over, url, **more).body


def failure(over: Transport, url: str, method: str = "GET", **more: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        send(over, url, method, **more)
    return caught.value


class RawServer:
    """Hand every connection to `serve`, which speaks whatever it likes; OSErrors end it.

    accepted: how many connections there were. finished: how many `serve` came to its end with.
    """

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.origin = f"http://127.0.0.1:{self.port}"
        self.accepted = self.finished = 0
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._run, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._serve(connection)
            self.finished += 1

    def __enter__(self) -> Self:
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()


def encrypted(
    ca: trustme.CA, serve: Callable[[ssl.SSLSocket], None]
) -> Callable[[socket.socket], None]:
    """What `serve` says, over TLS, by a server that would rather speak HTTP/2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    ca.issue_cert("127.0.0.1").configure_cert(context)

    def encrypt(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            serve(secured)

    return encrypt


@contextmanager
def raw_server(
    serve: Callable[[socket.socket], None], *, tls: bool
) -> Iterator[tuple[RawServer, Transport]]:
    """A RawServer, over TLS where it is wanted, and a way out that believes its certificate."""
    ca = trustme.CA()
    connections: list[ssl.SSLSocket] = []

    def secured(connection: ssl.SSLSocket) -> None:
        connections.append(connection)
        serve(connection)

    with RawServer(encrypted(ca, secured) if tls else serve) as raw:
        raw.origin = raw.origin.replace("http:", "https:") if tls else raw.origin
        try:
            yield raw, transport(ca_certificate=ca.cert_pem.bytes().decode())
        finally:
            for one in connections:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


def reading(answer: bytes) -> Callable[[socket.socket], None]:
    """Read one request's head, send `answer` as it stands, and close."""

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(answer)

    return serve


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            raise OSError
        head += part
    return head


def traceback_texts(error: BaseException) -> str:
    """All that a reporter could show of an error, but for the frames of the tests."""
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        parts.append(repr(seen) + repr(vars(seen)))
        report = traceback.TracebackException.from_exception(seen, capture_locals=True)
        parts += [
            str(frame.locals) for frame in report.stack if TESTS not in Path(frame.filename).parents
        ]
        seen = seen.__cause__ or seen.__context__
    return "".join(parts)
