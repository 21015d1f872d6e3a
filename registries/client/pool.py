"""Sends requests with requests and urllib3, over sockets of `registries.client.connection`.

The libraries pool the connections and speak HTTP. The sockets decide which addresses are called,
how long everything may take and how many bytes may arrive.
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

# How many servers have a pool of connections, and how many connections each pool has.
SERVERS, CONNECTIONS = 64, 16
# Methods that may be sent again if a pooled connection was closed (RFC 9110, section 9.2.2).
_IDEMPOTENT = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it is sent."""

    method: str
    url: Url
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A response with its whole body.

    `headers` is case-insensitive; `headers[name]` is the first line, or None if there is none.
    `url` is the URL after redirects, with the original origin where `ENDPOINTS` names another.
    """

    status: int
    headers: HTTPMessage
    body: bytes = field(repr=False)
    url: str

    def header_lines(self, name: str) -> list[str]:
        """Return all values of a header that may occur several times."""
        return self.headers.get_all(name, [])


@dataclass(slots=True)
class _Call:
    """The request that is being sent, for the connection that sends it.

    fresh: whether a new connection has to be made. reused: whether a pooled one was taken.
    sock: the socket of the request; None once its connection is back in the pool.
    """

    deadline: Deadline
    budget: int
    dial: Callable[[], Guarded]
    fresh: bool = False
    reused: bool = True
    sock: Guarded | None = None

    def prepare(self, connection: HTTPConnection) -> None:
        """Give a pooled connection the limits of this call, or close it if it must be a new one."""
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
        """Close the socket at once: a half-read response would keep it until garbage collection."""
        if self.sock is not None and (descriptor := self.sock.detach()) >= 0:
            os.close(descriptor)


# urllib3 makes connections far away from the code that sends a request, so they find it here.
_call: ContextVar[_Call | None] = ContextVar("_call", default=None)


def _current() -> _Call:
    call = _call.get()
    if call is None:
        raise RuntimeError("a guarded connection belongs to a Pool")
    return call


class _Plain(HTTPConnection):
    debuglevel = 0  # a site that sets it on http.client must not print our headers

    def connect(self) -> None:
        _current().connect(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        _current().prepare(self)
        super().request(*args, **kwargs)


class _Tls(HTTPSConnection):
    debuglevel = 0

    def connect(self) -> None:
        _current().connect(self)
        self.is_verified = True  # otherwise urllib3 would warn about rows that do not verify

    @property
    def is_connected(self) -> bool:
        # Decrypted bytes that nobody read would become the response to the next request.
        return super().is_connected and not cast("ssl.SSLSocket", self.sock).pending()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _current().prepare(self)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class _Adapter(HTTPAdapter):
    """Sends a request over a pooled connection or a new guarded one, without retries."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *args: Any, **kwargs: Any
    ) -> HTTPConnectionPool:
        return cast("HTTPConnectionPool", self.poolmanager.connection_from_url(request.url))

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the guarded socket does TLS."""

    def request_url(self, request: PreparedRequest, proxies: Any) -> str:
        # The absolute form is only for requests over http to a proxy: RFC 9112, section 3.2.2.
        return str(request.url) if proxies else request.path_url


class Pool:
    """Connections to many servers. Threads may share it.

    private: as in `addresses.permitted`. proxy: the outgoing proxy, if any.
    context: a function that makes the SSLContext when it is first needed.
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

    def send(
        self, message: Message, deadline: Deadline, limit: int | None, *, exempt: bool
    ) -> Response:
        """Send a request and read the response with a body of at most `limit` bytes.

        limit: None to read no body.
        exempt: whether every address is allowed, because the operator configured the server.
        Raises the exceptions of sockets, http.client, urllib3 and requests, each with its cause,
        and connection.BlockedAddress.
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

        # A request that must not be sent twice needs a new connection, which is surely open.
        repeatable = message.method in _IDEMPOTENT
        call = _Call(deadline, OVERHEAD + 2 * (limit or 0), connect, fresh=not repeatable)
        token = _call.set(call)
        try:
            return self._send(message, proxy, limit)
        except Exception as error:
            call.hang_up()
            closed = isinstance(root_of(error), ConnectionError | ssl.SSLEOFError)
            if not (closed and call.reused and repeatable):
                raise
            # The server had closed the idle connection: try once more with a new one.
            call.fresh = True
            try:
                return self._send(message, proxy, limit)
            except Exception:
                call.hang_up()
                raise
        finally:
            _call.reset(token)

    def _send(self, message: Message, proxy: Proxy | None, limit: int | None) -> Response:
        request = PreparedRequest()
        request.method, request.url = message.method, str(message.url)
        request.headers = CaseInsensitiveDict(message.headers)
        request.body = message.body or None
        request.hooks = default_hooks()
        # In a tunnel the proxy does not see the request and cannot respond to it.
        proxy = proxy if message.url.scheme == "http" else None
        if proxy and proxy.authorization:
            request.headers["Proxy-Authorization"] = proxy.authorization
        proxies = {"http": "dialled"} if proxy else None
        raw: BaseHTTPResponse = self._adapter.send(request, stream=True, proxies=proxies).raw
        try:
            if raw.status < HTTPStatus.OK:
                # On a pooled connection the final response would become that of the next request.
                raise HTTPException
            body = b"" if limit is None else _read(raw, limit)
        finally:
            # A response that was read to its end has returned its connection to the pool. All
            # other connections are closed.
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
    # The read after the last part raises an error if the body is shorter than announced.
    while part := raw.read(limit + 1 - len(body), decode_content=False):
        body += part
        if len(body) > limit:
            raise TooLarge
    return body


def root_of(error: BaseException) -> BaseException:
    """Return the exception of the connection, which the libraries wrap several times."""
    root, inner = error, _inside(error)
    while inner is not None:
        if isinstance(inner, OSError | HTTPException | BlockedAddress):
            root = inner
        inner = _inside(inner)
    return root


def _inside(error: BaseException) -> BaseException | None:
    """Return the wrapped exception. urllib3 passes some TLS errors only as an argument."""
    argument = error.args[0] if error.args else None
    wrapped = argument if isinstance(argument, BaseException) else None
    return error.__cause__ or error.__context__ or wrapped


def _is_foreign(record: logging.LogRecord) -> bool:
    """Return whether a log record of urllib3 is not about a request of this module.

    urllib3 logs URLs and headers that it cannot parse. A server may repeat our credentials there.
    """
    return _call.get() is None


for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_is_foreign)
