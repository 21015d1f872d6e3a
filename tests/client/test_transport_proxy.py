"""The outgoing proxy of the settings, which is the only one."""

import socket
import threading
from base64 import b64encode

import pytest
import trustme

from registries.client.connection import Proxy
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured
from registries.client.transport import Transport
from tests.client.transports import RawServer, read_head, reading, transport
from tests.fakes.server import FakeServer, Reply, Request


def hello(_: Request) -> Reply:
    return Reply(200, b"hello")


def get(over: Transport, url: str) -> bytes:
    return over.request("GET", url, deadline=Deadline(5), limit=100).body


class Tunnels:
    """A proxy that opens tunnels, all of them to one server, and keeps what it was asked."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.heads: list[bytes] = []

    def __call__(self, client: socket.socket) -> None:
        self.heads.append(read_head(client))
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
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
    ("written", "meant"), [("user:p%40ss", b"user:p@ss"), ("user:p@://", b"user:p@://")]
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


def test_https() -> None:
    """A tunnel: the proxy learns the host, the registry learns nothing of the proxy."""
    ca = trustme.CA()
    with FakeServer(hello, ca, names=["registry.example"]) as server:
        tunnels = Tunnels(server.port)
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


@pytest.mark.parametrize(
    ("authority", "place"),
    [("registry.example", b"registry.example:443"), ("[2001:db8::1]:5000", b"[2001:db8::1]:5000")],
)
def test_refused_tunnel(authority: str, place: bytes) -> None:
    heads: list[bytes] = []

    def refuse(client: socket.socket) -> None:
        heads.append(read_head(client))
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with RawServer(refuse) as proxy, pytest.raises(ClientError) as caught:
        get(transport(proxy=proxy.origin), f"https://{authority}/")
    error = caught.value
    assert (error.code, error.params) == ("connection", {"host": authority})
    assert heads == [b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (place, place)]


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


@pytest.mark.parametrize(
    ("name", "direct"),
    [
        ("example.com", True),
        ("EXAMPLE.com", True),
        (".example.com", True),
        ("registry.example.com", True),
        ("ample.com", False),
        ("y.example.com", False),
        ("example.com.evil.example", False),
    ],
)
def test_no_proxy_names(name: str, direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.client.test_addresses import answers

    monkeypatch.setattr(socket, "getaddrinfo", answers("127.0.0.1"))
    with FakeServer(hello) as proxy, FakeServer(hello) as server:
        over = transport(proxy=proxy.origin, no_proxy=(name,))
        get(over, f"http://registry.example.com:{server.port}/")
    assert (len(server.requests), len(proxy.requests)) == ((1, 0) if direct else (0, 1))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_literal_addresses_are_judged(scheme: str) -> None:
    """#31: behind a proxy too, as far as it can be told."""
    with RawServer(reading(b"")) as proxy, pytest.raises(Misconfigured) as caught:
        get(transport(proxy=proxy.origin), f"{scheme}://169.254.169.254/")
    assert caught.value.code == "blocked_address"
    assert proxy.accepted == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["metadata.google.internal", "METADATA.google.internal."])
def test_names_of_metadata_services_are_not_handed_to_the_proxy(host: str, scheme: str) -> None:
    """#84: it would resolve them; an operator who named one in `endpoints` is believed."""
    with RawServer(reading(b"")) as proxy, pytest.raises(Misconfigured) as caught:
        get(transport(proxy=proxy.origin), f"{scheme}://{host}/")
    assert caught.value.code == "blocked_address"
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
