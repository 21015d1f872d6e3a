"""A threaded HTTP/1.1 server on loopback that records what arrives: the base of every fake.

    def handler(request: Request) -> Reply:
        return Reply(200, b"{}", {"Content-Type": "application/json"})

    with FakeServer(handler) as server:
        requests.get(server.origin + "/v2/")
        assert server.requests[0].path == "/v2/"

An exception in a handler answers 500 and is raised again when the `with` block ends, so an
`assert` in a fake fails the test. Handlers run in several threads at once.
"""

import ssl
import threading
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, AddressFamily, socket
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import trustme


@dataclass(frozen=True)
class Request:
    """One request as it arrived: `target` is the raw request line's, query included.

    `headers` is case-insensitive (`headers["Authorization"]` is None when absent).
    `sni` is the TLS server name, None over plain HTTP and for IP addresses.
    """

    method: str
    target: str
    headers: Message
    body: bytes = b""
    sni: str | None = None

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)

    @property
    def authorization(self) -> str | None:
        value = self.headers["Authorization"]
        return None if value is None else str(value)

    @property
    def basic(self) -> tuple[str, str] | None:
        """The user name and password of a Basic Authorization, None without one."""
        scheme, _, encoded = (self.authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return None
        user, _, password = b64decode(encoded, validate=True).decode().partition(":")
        return user, password

    @property
    def bearer(self) -> str | None:
        """The token of a Bearer Authorization, None without one."""
        scheme, _, token = (self.authorization or "").partition(" ")
        return token if scheme.lower() == "bearer" else None


@dataclass(frozen=True)
class Reply:
    """An answer: `headers` may be pairs, to repeat a name; an iterable body is sent chunked."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = field(default_factory=dict)

    @property
    def header_pairs(self) -> list[tuple[str, str]]:
        if isinstance(self.headers, Mapping):
            return list(self.headers.items())
        return list(self.headers)


Handler = Callable[[Request], Reply]


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Stay silent."""

    def _answer(self) -> None:
        length = int(self.headers["Content-Length"] or 0)
        sni = getattr(self.connection, "sni", None)
        body = self.rfile.read(length)
        request = Request(self.command, self.path, self.headers, body, sni)
        self.server.fake.requests.append(request)
        try:
            reply = self.server.fake.handler(request)
        except Exception as error:  # noqa: BLE001 - raised again when the server stops
            self.server.fake.failures.append(error)
            reply = Reply(500)
        self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815 - base's

    def _send(self, reply: Reply) -> None:
        pairs = reply.header_pairs
        names = {name.lower() for name, _ in pairs}
        streamed = not isinstance(reply.body, bytes)
        self.send_response_only(reply.status)
        for name, value in pairs:
            self.send_header(name, value)
            if name.lower() == "connection" and value.lower() == "close":
                self.close_connection = True
        if streamed:
            self.send_header("Transfer-Encoding", "chunked")
        elif "content-length" not in names:
            self.send_header("Content-Length", str(len(reply.body)))  # type: ignore[arg-type]
        head = b"".join(self._headers_buffer) + b"\r\n"  # type: ignore[attr-defined]
        self._headers_buffer: list[bytes] = []
        if self.command == "HEAD":
            self.wfile.write(head)
        elif isinstance(reply.body, bytes):
            self.wfile.write(head + reply.body)  # one packet
        else:
            self.wfile.write(head)
            for chunk in reply.body:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, fake: "FakeServer", address: tuple[str, int]) -> None:
        self.fake = fake
        if ":" in address[0]:
            self.address_family = AddressFamily.AF_INET6
        super().__init__(address, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        # A second handle on the connection, which outlives its wrapping in TLS.
        self.fake.accepted(request.fileno(), request.dup())
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        connection: socket = request
        number = connection.fileno()
        try:
            if self.fake.context is not None:
                connection = self.fake.context.wrap_socket(connection, server_side=True)
            super().finish_request(connection, client_address)
        except OSError:
            pass  # the peer went away, or did not trust the certificate
        finally:
            self.fake.finished(number)
            connection.close()


class FakeServer:
    """Serve `handler` on a free loopback port while the `with` block lasts.

    tls: the throw-away CA that issues the server's certificate, for `names`; None is plain HTTP.
    origin: `scheme://host:port`. requests: everything that arrived, in order.
    connections: how many connections were accepted.
    """

    def __init__(
        self,
        handler: Handler,
        tls: trustme.CA | None = None,
        *,
        host: str = "127.0.0.1",
        names: Sequence[str] = ("localhost", "127.0.0.1", "::1"),
    ) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.failures: list[BaseException] = []
        self.connections = 0
        self.context: ssl.SSLContext | None = None
        self._open: dict[int, socket] = {}
        self._lock = threading.Lock()
        if tls is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.issue_cert(*names).configure_cert(self.context)
            self.context.sni_callback = lambda sock, name, _: setattr(sock, "sni", name)
        self._server = _Server(self, (host, 0))
        self.port = int(self._server.server_address[1])
        authority_host = f"[{host}]" if ":" in host else host
        self.origin = f"{'https' if tls else 'http'}://{authority_host}:{self.port}"
        self._stopped = False
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while not self._stopped:
            self._server.handle_request()

    def accepted(self, number: int, handle: socket) -> None:
        with self._lock:
            self.connections += 1
            self._open[number] = handle

    def finished(self, number: int) -> None:
        with self._lock:
            self._open.pop(number).close()

    def drop_connections(self) -> None:
        """Close every connection that is open, as a server does with idle ones."""
        with self._lock:
            for handle in self._open.values():
                with suppress(OSError):
                    handle.shutdown(SHUT_RDWR)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped = True
        self._server.socket.shutdown(SHUT_RDWR)  # it waits for requests no more
        self._thread.join()
        self.drop_connections()
        self._server.server_close()  # waits for the handlers
        if error is None and self.failures:
            raise self.failures[0]
