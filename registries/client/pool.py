"""Requests and answers over kept-alive connections: requests and urllib3, with our own sockets.

The libraries pool connections and speak HTTP. How a connection is made, to which address, how
long anything may take and how much may arrive is decided in `registries.client.connection`.
"""

import logging
import os
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from typing import Any, cast

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from registries.client.connection import OVERHEAD, BlockedAddress, Guarded, TooLarge, dial
from registries.client.deadline import Deadline
from registries.client.proxy import Proxy
from registries.client.urls import Url

# Servers whose connections are kept, and connections kept for each.
SERVERS, CONNECTIONS = 64, 16
# Safe to send again when a kept connection turns out to be closed (RFC 9110, section 9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it goes on the wire."""

    method: str
    url: Url
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read to its end.

    `headers` is case-insensitive; an index gives the first of several lines, None for none.
    `url` is where it came from, in the caller's world: never the stand-in of `endpoints`.
    """

    status: int
    headers: HTTPMessage
    body: bytes = field(repr=False)
    url: str

    def header_lines(self, name: str) -> list[str]:
        """The values of a header that may stand several times."""
        return self.headers.get_all(name, [])


@dataclass(slots=True)
class _Call:
    """What the connection that carries a request must know, and what it tells.

    fresh: make a new connection, whatever is kept. reused: a kept one was taken.
    sock: what carries the request; None once its connection is anybody's again.
    """

    deadline: Deadline
    budget: int
    dial: Callable[[], Guarded]
    fresh: bool = False
    reused: bool = True
    sock: Guarded | None = None

    def prepare(self, connection: HTTPConnection) -> None:
        """Bind a kept connection to this call, or close it where a new one is wanted."""
        if connection.sock is not None and self.fresh:
            connection.close()
        if connection.sock is not None:
            self.sock = cast("Guarded", connection.sock)
            self.sock.deadline, self.sock.budget = self.deadline, self.budget

    def connect(self, connection: HTTPConnection) -> None:
        self.fresh = self.reused = False
        self.sock = connection.sock = self.dial()
        self.sock.budget = self.budget

    def hang_up(self) -> None:
        """Close the socket now: an answer half read would hold it until it is collected."""
        if self.sock is not None and (descriptor := self.sock.detach()) >= 0:
            os.close(descriptor)


# urllib3 makes connections far from where a request is sent; this is how they know its call.
_call: ContextVar[_Call | None] = ContextVar("_call", default=None)


def _current() -> _Call:
    call = _call.get()
    if call is None:
        raise RuntimeError("a guarded connection belongs to a Pool")
    return call


class _Plain(HTTPConnection):
    debuglevel = 0  # a site that turns it on for http.client prints what it sends, not what we do

    def connect(self) -> None:
        _current().connect(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _current().prepare(self)
        super().request(*args, **kwargs)


class _Tls(HTTPSConnection):
    debuglevel = 0

    def connect(self) -> None:
        _current().connect(self)
        self.is_verified = True  # as far as the row wants it: nothing for urllib3 to warn of

    @property
    def is_connected(self) -> bool:
        # What is decrypted already shows on no socket: it would be the next request's answer.
        return super().is_connected and not cast("ssl.SSLSocket", self.sock).pending()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _current().prepare(self)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class _Adapter(HTTPAdapter):
    """Hands a request to a kept connection, or to one that we dial; no retries."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *args: Any, **kwargs: Any
    ) -> HTTPConnectionPool:
        return cast("HTTPConnectionPool", self.poolmanager.connection_from_url(request.url))

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Leave TLS to the socket that is dialled."""

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        # The absolute form is for plain proxies alone: RFC 9112, section 3.2.2.
        return str(request.url) if proxies else request.path_url


class Pool:
    """Connections to many servers, shared by threads.

    private: as in `addresses.permitted`. proxy: where requests go out, if not directly.
    context: makes what TLS connections are made with, once it is needed.
    """

    def __init__(
        self,
        *,
        private: bool,
        proxy: Proxy | None,
        context: Callable[[], ssl.SSLContext],
    ) -> None:
        self._private = private
        self._proxy = proxy
        self._context = context
        self._adapter = _Adapter(pool_connections=SERVERS, pool_maxsize=CONNECTIONS, max_retries=0)

    def send(self, message: Message, deadline: Deadline, limit: int, *, exempt: bool) -> Response:
        """Send and read the answer, a body of at most `limit` bytes.

        exempt: the server is one that the operator named; every address is allowed.
        Raises what sockets, http.client, urllib3 and requests raise, each from its cause, and
        connection.BlockedAddress.
        """
        url = message.url
        proxy = self._proxy if self._proxy and self._proxy.serves(url) else None

        def connect() -> Guarded:
            return dial(
                url,
                deadline,
                private=None if exempt else self._private,
                proxy=proxy,
                context=self._context() if url.scheme == "https" else None,
            )

        # What cannot be sent twice goes over a connection that is surely open.
        repeatable = message.method in _IDEMPOTENT
        call = _Call(deadline, OVERHEAD + 2 * limit, connect, fresh=not repeatable)
        token = _call.set(call)
        try:
            return self._send(message, proxy, limit)
        except Exception as error:
            call.hang_up()
            closed = isinstance(root_of(error), ConnectionError | ssl.SSLEOFError)
            if not (closed and call.reused and repeatable):
                raise
            # The server had closed it while it was idle: once more, on a new one.
            call.fresh = True
            try:
                return self._send(message, proxy, limit)
            except Exception:
                call.hang_up()
                raise
        finally:
            _call.reset(token)

    def _send(self, message: Message, proxy: Proxy | None, limit: int) -> Response:
        request = PreparedRequest()
        request.method, request.url = message.method, str(message.url)
        request.headers = CaseInsensitiveDict(message.headers)
        request.body = message.body or None
        request.hooks = default_hooks()
        # Through a tunnel the proxy sees nothing of the request, and answers nothing.
        proxy = proxy if message.url.scheme == "http" else None
        if proxy and proxy.authorization:
            request.headers["Proxy-Authorization"] = proxy.authorization
        proxies = {"http": "dialled"} if proxy else None
        raw: BaseHTTPResponse = self._adapter.send(request, stream=True, proxies=proxies).raw
        try:
            if raw.status < HTTPStatus.OK:
                # The answer proper follows: on a kept connection it would be the next request's.
                raise HTTPException
            body = _read(raw, limit)
        finally:
            # What was read to its end has given its connection back; any other is closed.
            if raw.connection is None:
                _current().sock = None
            raw.close()
        headers = HTTPMessage()
        for name, value in raw.headers.iteritems():
            headers[name] = value
        if proxy and proxy.answered_itself(raw.status, raw.headers):
            raise proxy.fault(raw.status)
        return Response(raw.status, headers, body, str(message.url))


def _read(raw: BaseHTTPResponse, limit: int) -> bytes:
    body = b""
    # The read that finds the end also finds out whether it is the announced one.
    while part := raw.read(limit + 1 - len(body), decode_content=False):
        body += part
        if len(body) > limit:
            raise TooLarge
    return body


def root_of(error: BaseException) -> BaseException:
    """What happened first on the wire: the libraries wrap it several times."""
    root, inner = error, _inside(error)
    while inner is not None:
        if isinstance(inner, OSError | HTTPException | BlockedAddress):
            root = inner
        inner = _inside(inner)
    return root


def _inside(error: BaseException) -> BaseException | None:
    """What an error was made from; urllib3 hands on some faults of TLS as an argument alone."""
    given = error.args[0] if error.args else None
    wrapped = given if isinstance(given, BaseException) else None
    return error.__cause__ or error.__context__ or wrapped


def _of_others(record: logging.LogRecord) -> bool:
    """Whether a record of urllib3 is about a request of somebody else's.

    It logs URLs, and headers that a server sent and it could not read; a server may echo there
    what it was sent.
    """
    return _call.get() is None


for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_of_others)
