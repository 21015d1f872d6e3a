"""Where one answer ends: what a server sends besides is never the answer to another request."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from socket import socket

import pytest

from registries.client.deadline import Deadline
from registries.client.errors import ClientError
from registries.client.transport import Transport
from tests.client.transports import raw_server, read_head

LIMIT = 1000
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = OK + b"Content-Length: 4\r\n\r\ngood"
EVIL = OK + b"Content-Length: 4\r\n\r\nevil"


def get(over: Transport, url: str, method: str = "GET") -> bytes | str:
    """The body of the answer, or the code of what went wrong."""
    try:
        return over.request(method, url, deadline=Deadline(5), limit=LIMIT).body
    except ClientError as error:
        return error.code


def saying(first: bytes) -> Callable[[socket], None]:
    """Answer the first request of the first connection so, every other with GOOD."""
    answers = iter([first])

    def serve(connection: socket) -> None:
        while True:
            read_head(connection)
            connection.sendall(next(answers, GOOD))

    return serve


# Fills the first read of the client's buffer to its last byte: what follows is left behind.
PADDED = OK + b"X-Padding: %b\r\nContent-Length: 4\r\n\r\ngood"
PADDED %= b"x" * (8192 - len(PADDED % b""))


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    ("method", "first", "body"),
    [
        ("GET", GOOD + EVIL, b"good"),
        ("GET", PADDED + EVIL, b"good"),
        ("HEAD", PADDED[:-4] + EVIL, b""),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n" + EVIL, b""),
        ("GET", b"HTTP/1.1 103 Early Hints\r\n\r\n" + EVIL, "bad_answer"),
        ("GET", b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + EVIL, "bad_answer"),
    ],
    ids=["surplus", "surplus left behind", "head", "no content", "early hints", "upgrade"],
)
def test_surplus_is_nobodys_answer(
    method: str, first: bytes, body: bytes | str, *, tls: bool
) -> None:
    """What stands behind an answer is thrown away, over TLS as well."""
    with raw_server(saying(first), tls=tls) as (raw, over):
        assert get(over, raw.origin, method) == body
        assert [get(over, raw.origin) for _ in range(2)] == [b"good"] * 2


@pytest.mark.parametrize("status", [b"101 Switching Protocols", b"103 Early Hints"])
def test_an_answer_in_two_parts_is_not_the_next_requests(status: bytes) -> None:
    """An interim answer ends the connection: its second part comes when another one waits."""
    asked_again = threading.Event()
    first = iter([True])

    def serve(connection: socket) -> None:
        read_head(connection)
        if next(first, False):
            connection.sendall(b"HTTP/1.1 %b\r\n\r\n" % status)
            asked_again.wait(5)
            connection.sendall(EVIL)
        else:
            asked_again.set()
            connection.sendall(GOOD)

    with raw_server(serve, tls=False) as (raw, over):
        assert get(over, raw.origin) == "bad_answer"
        threading.Timer(0.2, asked_again.set).start()
        assert get(over, raw.origin) == b"good"
    assert raw.accepted == 2


def test_100_continue_is_passed_over() -> None:
    with raw_server(saying(b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD), tls=False) as (raw, over):
        assert [get(over, raw.origin) for _ in range(2)] == [b"good"] * 2
    assert raw.accepted == 1


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "first",
    [
        OK + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001,
        OK + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
def test_a_body_that_ends_just_over_the_limit_spoils_no_other_request(
    first: bytes, *, tls: bool
) -> None:
    """Its connection is given back with its last byte, and then is not ours to close."""
    with raw_server(saying(first), tls=tls) as (raw, over):
        assert get(over, raw.origin) == "too_large"
        assert [get(over, raw.origin) for _ in range(3)] == [b"good"] * 3


def test_threads_beside_bodies_over_the_limit() -> None:
    """Nor does it close the socket under a thread that has taken the connection meanwhile."""

    def serve(connection: socket) -> None:
        while True:
            target = read_head(connection).split()[1]
            size = 1001 if target == b"/large" else 4
            connection.sendall(OK + b"Content-Length: %d\r\n\r\n" % size + b"x" * size)

    with raw_server(serve, tls=False) as (raw, over), ThreadPoolExecutor(8) as pool:
        paths = ["/large", "/small"] * 100
        result = list(pool.map(lambda path: get(over, raw.origin + path), paths))
    assert result == ["too_large", b"xxxx"] * 100
