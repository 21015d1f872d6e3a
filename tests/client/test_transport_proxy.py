"""The outgoing proxy of the settings, which is the only one."""

import socket
import threading
from base64 import b64encode
from contextlib import suppress

import pytest
import trustme

from registries.client.client import Client
from registries.client.deadline import Deadline
from registries.client.errors import Unreachable
from registries.client.proxy import Proxy, unreadable
from registries.client.tokens import MemoryTokens
from registries.client.transport import Transport
from registries.client.urls import Url
from registries.credentials import Basic
from registries.endpoint import Endpoint
from registries.verdicts import Verdict
from tests.client.calls import fails
from tests.client.transports import RawServer, get, hello, read_head, reading, send, transport
from tests.fakes.server import FakeServer, Reply


class Tunnels:
    """A proxy that opens tunnels, all of them to one server, and keeps what it was asked."""

    def __init__(self, port: int, status: bytes) -> None:
        self._port = port
        self._status = status
        self.heads: list[bytes] = []

    def __call__(self, client: socket.socket) -> None:
        self.heads.append(read_head(client))
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            client.sendall(b"HTTP/1.1 %b\r\n\r\n" % self._status)
            back = threading.Thread(target=self._copy, args=(server, client))
            back.start()
            self._copy(client, server)
            back.join()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while part := source.recv(65536):
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.mark.parametrize(
    ("written", "meant"),
    [("user:p%40ss", b"user:p@ss"), ("user:p@://", b"user:p@://"), ("user", b"user:")],
)
def test_http(written: str, meant: bytes) -> None:
    """The absolute form, with the proxy's own credentials; the name is the proxy's to resolve."""
    with FakeServer(hello) as proxy:
        over = transport(proxy=f"http://{written}@127.0.0.1:{proxy.port}")
        assert get(over, "http://registry.example:5000/v2/?n=1") == b"hello"
    (request,) = proxy.requests
    assert request.target == "http://registry.example:5000/v2/?n=1"
    assert request.headers["Host"] == "registry.example:5000"
    encoded = b64encode(meant).decode()
    assert request.headers["Proxy-Authorization"] == f"Basic {encoded}"


@pytest.mark.parametrize("status", [b"200 Connection established", b"204 No Content", b"299 Fine"])
def test_https(status: bytes) -> None:
    """A tunnel: the proxy learns the host, the registry learns nothing of the proxy.

    Any 2xx opens it: RFC 9110, section 9.3.6.
    """
    ca = trustme.CA()
    with FakeServer(hello, ca, names=["registry.example"]) as server:
        tunnels = Tunnels(server.port, status)
        with RawServer(tunnels) as proxy:
            over = transport(
                proxy=f"http://user:p%40ss@127.0.0.1:{proxy.port}",
                ca_certificate=ca.cert_pem.bytes().decode(),
            )
            assert get(over, "https://registry.example/v2/") == b"hello"
            assert get(over, "https://registry.example/v2/") == b"hello"
            del over
    encoded = b64encode(b"user:p@ss")
    assert tunnels.heads == [
        b"CONNECT registry.example:443 HTTP/1.1\r\nHost: registry.example:443\r\n"
        b"Proxy-Authorization: Basic " + encoded + b"\r\n\r\n"
    ]
    assert [request.sni for request in server.requests] == ["registry.example"] * 2
    assert "Proxy-Authorization" not in server.requests[0].headers


def failure(over: Transport, url: str) -> tuple[str, dict[str, str]]:
    with pytest.raises(Unreachable) as caught:
        get(over, url)
    return caught.value.code, caught.value.params


def test_a_tunnel_to_an_address() -> None:
    heads: list[bytes] = []

    def refuse(client: socket.socket) -> None:
        heads.append(read_head(client))

    with RawServer(refuse) as proxy:
        failure(transport(proxy=proxy.origin), "https://[2001:db8::1]:5000/")
    place = b"[2001:db8::1]:5000"
    assert heads == [b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (place, place)]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy_auth"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n\r\n{}", "proxy_refused"),
        (b"HTTP/1.0 403 Filtered\r\n\r\n<html>", "proxy_refused"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "proxy_refused"),
        (b"HTTP/1.1 405 Method Not Allowed\r\n\r\n", "proxy_refused"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n", "proxy_refused"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "proxy_failed"),
        (b"HTTP/1.1 503 Unavailable\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n", "proxy_failed"),
        (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", "proxy_failed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "proxy_failed"),
        (b"", "proxy_failed"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, "proxy_failed"),
    ],
)  # fmt: skip
def test_what_a_proxy_says_of_a_tunnel(answer: bytes, code: str) -> None:
    """Whatever it is, the proxy said it, and is blamed by its name."""
    with RawServer(reading(answer)) as proxy:
        blamed = failure(transport(proxy=proxy.origin), "https://registry.example/v2/")
    assert blamed == (code, {"host": f"127.0.0.1:{proxy.port}"})


PAGE = {"Content-Type": "text/html"}
ERRORS = {"Content-Type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(407, b"<html>", {**PAGE, "Proxy-Authenticate": 'Basic realm="x"'}), "proxy_auth"),
        (Reply(407, b"{}", ERRORS), "proxy_auth"),
        (Reply(403, b"<html>", PAGE), "proxy_refused"),
        (Reply(403), "proxy_refused"),
        # tinyproxy, where it cannot connect.
        (Reply(500, b"<html>", {**PAGE, "Server": "tinyproxy/1.11.1"}), "proxy_failed"),
        (Reply(502, b"<html>", PAGE), "proxy_failed"),
        (Reply(503, b"<html>", {**PAGE, "X-Squid-Error": "ERR_CONNECT_FAIL 111"}), "proxy_failed"),
        (Reply(504, b"upstream timeout", {"Content-Type": "text/plain"}), "proxy_failed"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_proxy_says_in_plain(method: str, reply: Reply, code: str) -> None:
    with FakeServer(lambda _: reply) as proxy, pytest.raises(Unreachable) as caught:
        transport(proxy=proxy.origin).request(
            method, "http://registry.example/v2/", deadline=Deadline(5), limit=100
        )
    assert (caught.value.code, caught.value.params) == (code, {"host": f"127.0.0.1:{proxy.port}"})
    assert "registry.example" not in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(403, b'{"errors": [{"code": "DENIED"}]}', ERRORS),
        Reply(403, b"", {"Docker-Distribution-Api-Version": "registry/2.0"}),
        Reply(403, b"", {"WWW-Authenticate": 'Basic realm="x"'}),
        Reply(503, b"{}", ERRORS),
        Reply(500, b"", {"Docker-Distribution-Api-Version": "registry/2.0"}),
        Reply(401, b"<html>", PAGE),
        Reply(404, b"<html>", PAGE),
    ],
)
def test_what_a_registry_says_through_a_proxy(reply: Reply) -> None:
    """Its own words reach whoever asks, as they do without a proxy."""
    with FakeServer(lambda _: reply) as proxy:
        answer = send(transport(proxy=proxy.origin), "http://registry.example/v2/")
    assert (answer.status, answer.body) == (reply.status, reply.body)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry is not blamed for it, whether nobody listens there or nobody has the name."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    url = f"{scheme}://registry.example/v2/"
    blamed = failure(transport(proxy=f"http://127.0.0.1:{port}"), url)
    assert blamed == ("proxy_unreachable", {"host": f"127.0.0.1:{port}"})

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    blamed = failure(transport(proxy="http://user:canary@proxy.example:3128"), url)
    assert blamed == ("proxy_unreachable", {"host": "proxy.example:3128"})


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("status", "code"), [(403, "proxy_refused"), (407, "proxy_auth"), (504, "proxy_failed")]
)
def test_a_check_behind_a_proxy_that_refuses(scheme: str, status: int, code: str) -> None:
    """The verdict names the proxy, not the registry, and no credentials are called wrong."""
    answer = b"HTTP/1.1 %d No\r\nContent-Length: 6\r\n\r\n<html>" % status
    with RawServer(reading(answer)) as proxy:
        outcome = Client(
            Endpoint(url=f"{scheme}://registry.example"),
            Basic("reader", "not-a-secret"),
            transport=transport(proxy=proxy.origin),
            tokens=MemoryTokens(),
            deadline=Deadline(10),
            identity="row",
        ).check()
    assert (outcome.verdict, outcome.code) == (Verdict.UNREACHABLE, code)
    assert outcome.params == {"host": f"127.0.0.1:{proxy.port}"}


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [
        ((), False),
        (("127.0.0.1",), True),
        (("127.0.0.0/8",), True),
        (("10.0.0.1/8", "127.0.0.1/8"), True),
        (("*",), True),
        (("127.0.0.2", "10.0.0.0/8", "0.0.1", "localhost"), False),
    ],
)
def test_no_proxy(no_proxy: tuple[str, ...], direct: bool) -> None:
    with FakeServer(hello) as proxy, FakeServer(hello) as server:
        get(transport(proxy=proxy.origin, no_proxy=no_proxy), server.origin)
    assert (len(server.requests), len(proxy.requests)) == ((1, 0) if direct else (0, 1))


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("with_port", [True, False])
def test_no_proxy_with_the_port_of_the_server(scheme: str, with_port: bool) -> None:
    """Over the wire: the port of the entry is that of the registry, or another's."""
    ca = trustme.CA()
    with (
        FakeServer(hello) as proxy,
        FakeServer(hello, ca if scheme == "https" else None) as server,
    ):
        entry = f"127.0.0.1:{server.port if with_port else 1}"
        over = transport(
            proxy=proxy.origin, no_proxy=(entry,), ca_certificate=ca.cert_pem.bytes().decode()
        )
        with suppress(Unreachable):
            get(over, server.origin)
    assert (len(server.requests), proxy.connections) == ((1, 0) if with_port else (0, 1))


# An entry, what it leaves out of the proxy, and what it does not.
FORMS = [
    ("corp.example", "registry.corp.example corp.example REGISTRY.CORP.EXAMPLE", ""),
    ("corp.example", "registry.corp.example.", "corp.example.evil.example notcorp.example"),
    ("CORP.Example", "registry.corp.example", ""),
    ("corp.example.", "registry.corp.example", ""),
    ("  corp.example\t", "registry.corp.example", ""),
    ("registry.corp.example", "registry.corp.example", "corp.example"),
    # Go leaves the name itself to the proxy; so do `*.` and `.` here.
    (".corp.example", "registry.corp.example a.b.corp.example", "corp.example"),
    ("*.corp.example", "registry.corp.example", "corp.example"),
    (".corp.example.", "registry.corp.example.", ""),
    ("registry.corp.example:5000", "registry.corp.example:5000", "registry.corp.example"),
    ("registry.corp.example:80", "registry.corp.example", "https://registry.corp.example"),
    ("registry.corp.example:443", "https://registry.corp.example", "registry.corp.example"),
    ("corp.example:5000", "registry.corp.example:5000", ""),
    (".corp.example:5000", "registry.corp.example:5000", ""),
    ("*.corp.example.:5000", "registry.corp.example:5000", ""),
    ("*", "registry.corp.example", ""),
    (" * ", "registry.corp.example:5000", ""),
    ("ample", "", "registry.corp.example"),
    ("y.corp.example", "", "registry.corp.example"),
    ("orp.example", "", "registry.corp.example"),
    ("localhost", "localhost", ""),
    ("my_host", "my_host:5000", ""),
    ("10.1.2.3", "10.1.2.3:5000", ""),
    ("10.1.2.3:5000", "10.1.2.3:5000", "10.1.2.3"),
    ("10.0.0.0/8", "https://10.1.2.3", ""),
    ("10.9.9.9/8", "https://10.1.2.3", ""),
    ("10.0.0.0/16", "", "https://10.1.2.3"),
    ("2.3", "", "10.1.2.3"),
    ("::1", "[::1]:5000", ""),
    ("[::1]", "[::1]:5000", ""),
    ("[::1]:5000", "[::1]:5000", "[::1]"),
    ("[0:0::1]", "[::1]", ""),
    ("fd00::/8", "[fd12::1]", "[fe12::1]"),
    ("::/0", "", "10.1.2.3"),
    # A name is not resolved for the sake of a network.
    ("0.0.0.0/0", "", "registry.corp.example"),
]


def serves(entry: str, name: str) -> bool:
    """Whether the proxy is used for a name or URL, in spite of this entry."""
    url = name if "://" in name else f"http://{name}"
    return Proxy.parse("http://proxy.example:3128", [entry, "other.example"]).serves(Url.parse(url))


@pytest.mark.parametrize(("entry", "direct", "through"), FORMS)
def test_forms_of_no_proxy(entry: str, direct: str, through: str) -> None:
    """As Go reads them: docker and containerd are set up with the same variable."""
    assert [name for name in direct.split() if serves(entry, name)] == []
    assert [name for name in through.split() if not serves(entry, name)] == []


UNREADABLE = """
    http://corp.example corp.example/path corp.example: corp.example:port corp.example:0
    corp.example:65536 *corp.example registry.*.example *:5000 10.* 10.0 10.0.0.0/33 10.0.0.256
    [::1 [corp.example] [fd00::]/8 corp..example . -x.example bücher.example
"""
NAMED = {name: name for name in UNREADABLE.split()} | {
    "fe80::1%eth0": "fe80::1?eth0",
    "a.example b.example": "a.example?b.example",
    "http://user:canary@proxy.example": "proxy.example",
    "user:canary@": "",
    "x" * 300 + "!": "x" * 100,
}


@pytest.mark.parametrize("entry", NAMED)
def test_entries_that_leave_nothing_out(entry: str) -> None:
    """They are named, but for what could be a password; the others still count."""
    assert list(unreadable([entry, "10.0.0.0/8", "*.corp.example"])) == [NAMED[entry]]
    assert serves(entry, "registry.corp.example")
    assert not serves(entry, "other.example")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_literal_addresses_are_judged(scheme: str) -> None:
    """#31: behind a proxy too, as far as it can be blamed."""
    with RawServer(reading(b"")) as proxy, fails("blocked_address"):
        get(transport(proxy=proxy.origin), f"{scheme}://169.254.169.254/")
    assert proxy.accepted == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["metadata.google.internal", "METADATA.google.internal."])
def test_names_of_metadata_services_are_not_handed_to_the_proxy(host: str, scheme: str) -> None:
    """#84: it would resolve them; an operator who named one in `endpoints` is believed."""
    with RawServer(reading(b"")) as proxy, fails("blocked_address"):
        get(transport(proxy=proxy.origin), f"{scheme}://{host}/")
    assert proxy.accepted == 0
    with FakeServer(hello) as other:
        endpoints = {"https://registry.example": "http://metadata.google.internal"}
        over = transport(proxy=other.origin, endpoints=endpoints)
        assert get(over, "https://registry.example/") == b"hello"


@pytest.mark.parametrize(
    "url", ["https://proxy.example:3128", "socks5://proxy.example", "proxy:1", "http://p/x"]
)
def test_other_proxies(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - no text is promised
        transport(proxy=url)


def test_its_password_is_not_shown() -> None:
    proxy = Proxy.parse("http://user:canary@proxy.example:3128")
    encoded = b64encode(b"user:canary").decode()
    assert proxy.authorization == f"Basic {encoded}"
    assert "canary" not in repr(proxy)
    assert encoded not in repr(proxy)
