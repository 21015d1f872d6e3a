"""Requests and answers: what goes out, what comes back, what is kept open."""

import gzip
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from socket import socket
from typing import Any

import pytest
import trustme

from registries.client.errors import Misconfigured, Unreachable
from registries.client.pool import SERVERS
from tests.client.transports import RawServer, failure, get, read_head, reading, send, transport
from tests.fakes.server import FakeServer, Reply, Request

LIMIT = 1000


def hello(request: Request) -> Reply:
    return Reply(
        200, b"hello", [("X-Word", "one"), ("X-Word", "two"), ("X-Method", request.method)]
    )


def test_what_is_sent() -> None:
    with FakeServer(hello) as server:
        send(
            transport(user_agent="registries/1"),
            f"{server.origin}/v2/a%2Fb?n=1&last=x+y",
            headers={"Accept": "text/x"},
            authorization="Basic ~!#:\"'",
        )
    (request,) = server.requests
    assert request.target == "/v2/a%2Fb?n=1&last=x+y"
    assert sorted(request.headers.items()) == [
        ("Accept", "text/x"),
        ("Accept-Encoding", "identity"),
        ("Authorization", "Basic ~!#:\"'"),
        ("Host", f"127.0.0.1:{server.port}"),
        ("User-Agent", "registries/1"),
    ]


def test_what_comes_back() -> None:
    with FakeServer(hello) as server:
        url = f"{server.origin}/v2/?x"
        response = send(transport(), url)
        head = send(transport(), url, "HEAD", limit=0)
    assert (response.status, response.body, response.url) == (200, b"hello", url)
    assert response.headers["x-method"] == "GET"
    assert response.headers["absent"] is None
    assert response.header_lines("x-word") == ["one", "two"]
    assert response.header_lines("absent") == []
    assert (head.body, head.headers["Content-Length"]) == (b"", "5")


def test_form() -> None:
    with FakeServer(hello) as server:
        send(transport(), f"{server.origin}/token", "POST", form={"password": "päß word&="})
    (request,) = server.requests
    assert request.form == {"password": ["päß word&="]}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [403, 407, 502, 503])
def test_errors_are_answers(status: int) -> None:
    """No proxy is blamed where there is none."""
    with FakeServer(lambda _: Reply(status, b"<html>", {"Content-Type": "text/html"})) as server:
        response = send(transport(), server.origin)
    assert (response.status, response.body) == (status, b"<html>")


def test_retry_after_is_not_slept() -> None:
    """#44: the caller decides about a pause, and nothing is asked twice."""
    with FakeServer(lambda _: Reply(429, b"", {"Retry-After": "21600"})) as server:
        response = send(transport(), server.origin)
    assert (response.status, response.headers["Retry-After"]) == (429, "21600")
    assert len(server.requests) == 1


def test_no_cookies() -> None:
    with FakeServer(lambda _: Reply(200, b"", {"Set-Cookie": "session=1; Path=/"})) as server:
        over = transport()
        get(over, server.origin)
        get(over, server.origin)
    assert [request.headers["Cookie"] for request in server.requests] == [None, None]


# Bodies


@pytest.mark.parametrize(
    "in_parts", [bytes, lambda x: [x], lambda x: [b"x"] * len(x)], ids=["whole", "one part", "many"]
)
def test_body_over_the_limit(in_parts: Callable[[bytes], Any]) -> None:
    """#41: a body is read to its limit and no further."""
    with FakeServer(lambda _: Reply(200, in_parts(b"x" * LIMIT))) as server:
        assert get(transport(), server.origin) == b"x" * LIMIT
    with FakeServer(lambda _: Reply(200, in_parts(b"x" * (LIMIT + 1)))) as server:
        error = failure(transport(), server.origin)
    assert (type(error), error.code) == (Unreachable, "too_large")
    assert error.params == {"host": f"127.0.0.1:{server.port}"}


def endlessly(head: bytes, part: bytes) -> Callable[[socket], None]:
    def serve(connection: socket) -> None:
        read_head(connection)
        connection.sendall(head)
        while True:
            connection.sendall(part)

    return serve


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (OK + b"\r\n", b"x" * 4096),
        (OK + b"Content-Length: 10000000000\r\n\r\n", b"x" * 4096),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 4096),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: x\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["until close", "length", "chunks", "chunk of -1", "trailers", "continue"],
)
def test_endless_answer(head: bytes, part: bytes) -> None:
    """#41: neither a body nor what surrounds it is read without end."""
    with RawServer(endlessly(head, part)) as server:
        assert failure(transport(), server.origin).code == "too_large"


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GARBLED = {
    "status line": (b"nonsense\r\n\r\n", "bad_answer"),
    "version": (b"HTTP/9.9 200 OK\r\n\r\n", "bad_answer"),
    "status": (b"HTTP/1.1 abc OK\r\n\r\n", "bad_answer"),
    "long line": (OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n", "bad_answer"),
    "many lines": (OK + b"X: y\r\n" * 101 + b"\r\n", "bad_answer"),
    "chunk of -5": (CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", "bad_answer"),
    "cut short: nothing": (b"", "connection"),
    "cut short: length": (OK + b"Content-Length: 10\r\n\r\nshort", "connection"),
    "cut short: within a chunk": (CHUNKED + b"a\r\nshort", "connection"),
    "cut short: between chunks": (CHUNKED + b"5\r\nshort\r\n", "connection"),
}


@pytest.mark.parametrize("how", GARBLED)
def test_garbled_answer(how: str) -> None:
    answer, code = GARBLED[how]
    with RawServer(reading(answer)) as server:
        error = failure(transport(), server.origin)
    assert (error.code, error.params) == (code, {"host": f"127.0.0.1:{server.port}"})


# Faults before an answer


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.1:80/", "127.1:80"),
        ("http://[fe80::1-2]/", "[fe80::1-2]"),
        ("http://u:canary@127.0.0.1/", "127.0.0.1"),
        ("http://canary@u:canary@host.example/", "host.example"),
        ("gopher://host_1.example/canary", "host_1.example"),
        ("http://host.example:x?canary=://x", "host.example:x"),
        ("http://host.example#canary/canary", "host.example"),
        ("http://host.example\\canary", "host.example"),
        ("http://a b\r\nc", "a?b??c"),
        ("http://" + "a" * 101 + " ", "a" * 100),
        ("canary", ""),
    ],
)
def test_url_that_is_not_called(url: str, message: str) -> None:
    """#20: the error shows what the host is called, and nothing that may be a secret."""
    error = failure(transport(), url)
    assert isinstance(error, Misconfigured)
    assert (error.code, error.params) == ("blocked_address", {"host": message})


def test_blocked_address() -> None:
    """#31: nothing is sent, not even a handshake."""
    with RawServer(reading(b"")) as server:
        error = failure(transport(allow_private_addresses=False), server.origin)
    assert (type(error), error.code) == (Misconfigured, "blocked_address")
    assert server.accepted == 0


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb", "a\x00b", "a\x7fb", "ä", "\ud800"])
def test_unsafe_header(value: str) -> None:
    """#45: control characters and what is not ASCII stay out of headers; nothing is sent."""
    with FakeServer(hello) as server:
        for more in ({"authorization": value}, {"headers": {"Accept": value}}):
            assert failure(transport(), server.origin, **more).code == "bad_answer"
        assert failure(transport(), server.origin, headers={value: "x"}).code == "bad_answer"
    assert server.connections == 0


def test_libraries_log_nothing_of_a_request(canary: str, caplog: pytest.LogCaptureFixture) -> None:
    """#22: neither its URL nor a header of the answer that cannot be read; others' as ever."""
    caplog.set_level(logging.DEBUG)
    odd = OK + f"X: y\r\n{canary}\r\nContent-Length: 0\r\n\r\n".encode()
    with RawServer(reading(odd)) as server:
        get(transport(), f"{server.origin}/?signature={canary}")
    assert canary not in caplog.text
    for name in ("urllib3.connection", "urllib3.connectionpool"):
        logging.getLogger(name).debug("of the site's own")
        assert name in [record.name for record in caplog.records]


# Kept connections


@pytest.mark.parametrize("tls", [False, True])
def test_connection_is_kept(ca: trustme.CA, pem: str, *, tls: bool) -> None:
    """Until the server closes it."""
    with FakeServer(hello, ca if tls else None) as server:
        over = transport(ca_certificate=pem)
        for method in ("GET", "HEAD", "GET"):
            send(over, server.origin, method)
        assert (len(server.requests), server.connections) == (3, 1)
        server.drop_connections()
        assert get(over, server.origin) == b"hello"
    assert (len(server.requests), server.connections) == (4, 2)


def test_connection_is_kept_after_chunks() -> None:
    with FakeServer(lambda _: Reply(200, [b"a", b"b"])) as server:
        over = transport()
        assert [get(over, server.origin), get(over, server.origin)] == [b"ab", b"ab"]
    assert server.connections == 1


def test_connection_is_not_kept_when_the_server_says_so() -> None:
    def serve(connection: socket) -> None:
        while True:
            read_head(connection)
            connection.sendall(OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok")

    with RawServer(serve) as server:
        over = transport()
        assert [get(over, server.origin), get(over, server.origin)] == [b"ok", b"ok"]
    assert server.accepted == 2


def closing_on(number: int, methods: list[bytes]) -> Callable[[socket], None]:
    """Answer each request of a connection but its `number`th, which is read and not answered."""

    def serve(connection: socket) -> None:
        for _ in range(number - 1):
            methods.append(read_head(connection).split()[0])
            connection.sendall(OK + b"Content-Length: 2\r\n\r\nok")
        methods.append(read_head(connection).split()[0])

    return serve


@pytest.mark.parametrize("kept", [True, False])
def test_connection_that_closes_under_a_request(*, kept: bool) -> None:
    """Only a kept connection may have been closed meanwhile; a new one is not tried again."""
    methods: list[bytes] = []
    with RawServer(closing_on(2 if kept else 1, methods)) as server:
        over = transport()
        if kept:
            assert [get(over, server.origin), get(over, server.origin)] == [b"ok", b"ok"]
        else:
            assert failure(over, server.origin).code == "connection"
    assert methods == [b"GET"] * (3 if kept else 1)
    assert server.accepted == (2 if kept else 1)


def test_post_takes_a_new_connection() -> None:
    """A POST could not be sent again, so it does not take a connection that may be closed."""
    with FakeServer(hello) as server:
        over = transport()
        get(over, server.origin)
        send(over, server.origin, "POST", body=b"x")
    assert server.connections == 2


def test_answer_that_nobody_asked_for() -> None:
    """What a server says out of turn is not taken for the answer to the next request."""
    answer = OK + b"Content-Length: 4\r\n\r\n"
    first, late = threading.Event(), threading.Event()

    def serve(connection: socket) -> None:
        read_head(connection)
        connection.sendall(answer + b"good")
        if not late.is_set():
            first.wait(5)
            connection.sendall(answer + b"evil")
            late.set()
        read_head(connection)

    with RawServer(serve) as server:
        over = transport()
        assert get(over, server.origin) == b"good"
        first.set()
        assert late.wait(5)
        assert get(over, server.origin) == b"good"
    assert server.accepted == 2


def test_threads_share() -> None:
    """Eight at once get their own answers, over eight connections at most."""
    meeting = threading.Barrier(8)

    def echo(request: Request) -> Reply:
        meeting.wait(5)
        return Reply(200, request.target.encode())

    with FakeServer(echo) as server, ThreadPoolExecutor(8) as pool:
        over = transport()
        urls = [f"{server.origin}/{number}" for number in range(64)]
        bodies = list(pool.map(lambda url: get(over, url), urls))
    assert bodies == [f"/{number}".encode() for number in range(64)]
    assert server.connections == 8


def test_connections_end_with_the_transport() -> None:
    ended = threading.Event()

    def serve(connection: socket) -> None:
        read_head(connection)
        connection.sendall(OK + b"Content-Length: 2\r\n\r\nok")
        assert connection.recv(1) == b""
        ended.set()

    with RawServer(serve) as server:
        over = transport()
        get(over, server.origin)
        assert not ended.is_set()
        del over
        assert ended.wait(5)


def test_few_connections_are_kept() -> None:
    """The one that was not used for longest is closed for a new one."""
    with FakeServer(hello, host="0.0.0.0") as server:
        over = transport()
        hosts = [f"http://127.0.0.{number}:{server.port}" for number in range(1, SERVERS + 2)]
        for host in hosts:
            get(over, host)
        assert server.connections == SERVERS + 1
        get(over, hosts[-1])
        assert server.connections == SERVERS + 1
        get(over, hosts[0])
        assert server.connections == SERVERS + 2


def test_nothing_is_unpacked() -> None:
    """#41: a body is taken as it came, so that a small one never becomes a large one."""
    body = gzip.compress(bytes(100_000))
    with FakeServer(lambda _: Reply(200, body, {"Content-Encoding": "gzip"})) as server:
        assert get(transport(), server.origin) == body
