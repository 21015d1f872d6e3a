"""Whose certificates are believed."""

from pathlib import Path
from socket import socket
from ssl import SSLSocket

import pytest
import trustme

from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured, Unreachable
from registries.client.transport import Transport
from tests.client.test_addresses import answers
from tests.client.transports import RawServer, encrypted, read_head, transport
from tests.fakes.server import FakeServer, Reply, Request


def hello(_: Request) -> Reply:
    return Reply(200, b"hello")


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def pem(ca: trustme.CA) -> str:
    return ca.cert_pem.bytes().decode()


def get(over: Transport, url: str) -> bytes:
    return over.request("GET", url, deadline=Deadline(5), limit=100).body


def failure(over: Transport, url: str) -> ClientError:
    with pytest.raises(ClientError) as caught:
        get(over, url)
    return caught.value


def test_unknown_ca(ca: trustme.CA) -> None:
    """#39: refused before anything is sent."""
    with FakeServer(hello, ca) as server:
        error = failure(transport(), server.origin)
    assert isinstance(error, Unreachable)
    assert (error.code, error.params) == ("tls", {"host": f"127.0.0.1:{server.port}"})
    assert server.requests == []


def test_ca_of_the_row(ca: trustme.CA, pem: str) -> None:
    """#39: accepted with its CA."""
    with FakeServer(hello, ca) as server:
        assert get(transport(ca_certificate=pem), server.origin) == b"hello"
        localhost = f"https://localhost:{server.port}/"
        assert get(transport(ca_certificate=pem), localhost) == b"hello"
    assert [request.sni for request in server.requests] == [None, "localhost"]


def test_name_with_the_dot_of_the_root(
    ca: trustme.CA, pem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No certificate has it: RFC 6066, section 3."""
    monkeypatch.setattr("socket.getaddrinfo", answers("127.0.0.1"))
    with FakeServer(hello, ca) as server:
        localhost = f"https://localhost.:{server.port}/"
        assert get(transport(ca_certificate=pem), localhost) == b"hello"
    assert server.requests[0].sni == "localhost"


def test_other_name(ca: trustme.CA, pem: str) -> None:
    """#39: a certificate for another name is refused."""
    with FakeServer(hello, ca, names=["registry.example"]) as server:
        assert failure(transport(ca_certificate=pem), server.origin).code == "tls"
    assert server.requests == []


def test_ca_bundle_and_ca_of_the_row(ca: trustme.CA, pem: str, tmp_path: Path) -> None:
    """The row's CA is trusted besides the site's, not instead."""
    other = trustme.CA()
    bundle = tmp_path / "bundle.pem"
    other.cert_pem.write_to_path(str(bundle))
    both = transport(ca_bundle=str(bundle), ca_certificate=pem)
    with FakeServer(hello, ca) as mine, FakeServer(hello, other) as sites:
        assert [get(both, mine.origin), get(both, sites.origin)] == [b"hello", b"hello"]
        assert failure(transport(ca_bundle=str(bundle)), mine.origin).code == "tls"
        assert failure(transport(ca_certificate=pem), sites.origin).code == "tls"


def test_server_certificate_as_ca(tmp_path: Path) -> None:
    """A server's own certificate may be trusted by itself, without the CA that issued it."""
    ca = trustme.CA()
    cert = ca.issue_cert("127.0.0.1")
    leaf = cert.cert_chain_pems[0].bytes().decode()
    with FakeServer(hello, ca) as server:
        assert server.context is not None
        cert.configure_cert(server.context)
        assert get(transport(ca_certificate=leaf), server.origin) == b"hello"


def test_unverified(ca: trustme.CA) -> None:
    """#39: off switches the checks off, for this transport alone."""
    with FakeServer(hello, ca, names=["registry.example"]) as server:
        assert get(transport(verify_tls=False), server.origin) == b"hello"
        assert failure(transport(), server.origin).code == "tls"


@pytest.mark.parametrize("text", ["nonsense", "ä", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_unreadable_ca(ca: trustme.CA, text: str) -> None:
    with FakeServer(hello, ca) as server:
        error = failure(transport(ca_certificate=text), server.origin)
    assert isinstance(error, Misconfigured)
    assert error.code == "unreadable_ca"
    assert server.connections == 0


def test_nothing_is_read_where_nothing_is_verified(ca: trustme.CA, tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.pem")
    with FakeServer(hello, ca) as server:
        over = transport(verify_tls=False, ca_bundle=absent, ca_certificate="nonsense")
        assert get(over, server.origin) == b"hello"


def test_unreadable_ca_matters_for_tls_alone() -> None:
    with FakeServer(hello) as server:
        assert get(transport(ca_certificate="nonsense"), server.origin) == b"hello"


def test_unreadable_ca_bundle(ca: trustme.CA, tmp_path: Path) -> None:
    with FakeServer(hello, ca) as server:
        error = failure(transport(ca_bundle=str(tmp_path / "absent.pem")), server.origin)
    assert isinstance(error, Misconfigured)
    assert error.code == "unreadable_ca_bundle"


def test_directory_of_certificates(ca: trustme.CA, tmp_path: Path) -> None:
    """A directory is taken as OpenSSL takes one; an empty one trusts nobody."""
    with FakeServer(hello, ca) as server:
        assert failure(transport(ca_bundle=str(tmp_path)), server.origin).code == "tls"


def test_plain_http_on_a_tls_port() -> None:
    """#39: no falling back, and a fault of its own: no certificate would mend it."""

    def serve(connection: socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(serve) as server:
        error = failure(transport(), f"https://127.0.0.1:{server.port}/")
    assert isinstance(error, Unreachable)
    assert error.code == "no_tls"


def test_what_surrounds_a_body_is_counted(ca: trustme.CA, pem: str) -> None:
    """#41: through TLS as well."""

    def babble(connection: SSLSocket) -> None:
        read_head(connection)
        for _ in range(100):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    with RawServer(encrypted(ca, babble)) as server:
        url = f"https://127.0.0.1:{server.port}/"
        assert failure(transport(ca_certificate=pem), url).code == "too_large"


def test_protocol_is_http_1(ca: trustme.CA, pem: str) -> None:
    """A server that could speak HTTP/2 is told that we cannot."""
    chosen: list[str | None] = []

    def serve(connection: SSLSocket) -> None:
        chosen.append(connection.selected_alpn_protocol())
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with RawServer(encrypted(ca, serve)) as server:
        assert get(transport(ca_certificate=pem), f"https://127.0.0.1:{server.port}/") == b"ok"
    assert chosen == ["http/1.1"]


def test_connection_is_kept(ca: trustme.CA, pem: str) -> None:
    with FakeServer(hello, ca) as server:
        over = transport(ca_certificate=pem)
        get(over, server.origin)
        get(over, server.origin)
        assert server.connections == 1
        server.drop_connections()
        assert get(over, server.origin) == b"hello"
    assert server.connections == 2
