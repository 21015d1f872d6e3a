"""Whose certificates are believed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from ssl import CERT_REQUIRED, SSLContext, SSLError, SSLSocket, TLSVersion

import pytest
import trustme

from registries.client.connection import dial
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured, Unreachable
from registries.client.trust import tls_context
from registries.client.urls import Url
from tests.client.certificates import DAY, server_context, signed_by_itself
from tests.client.test_addresses import answers
from tests.client.transports import RawServer, encrypted, failure, get, hello, read_head, transport
from tests.fakes.server import FakeServer, Reply

Spoil = Callable[[SSLContext, trustme.CA], None]


def other_name(*names: str) -> Spoil:
    return lambda context, ca: ca.issue_cert(*names).configure_cert(context)


def dated(from_: timedelta, until: timedelta, version: TLSVersion = TLSVersion.TLSv1_3) -> Spoil:
    """A certificate that is valid from and until then, from now."""

    def spoil(context: SSLContext, ca: trustme.CA) -> None:
        now = datetime.now(UTC)
        cert = ca.issue_cert("127.0.0.1", not_before=now + from_, not_after=now + until)
        cert.configure_cert(context)
        context.maximum_version = version

    return spoil


def no_cipher_in_common(context: SSLContext, _: trustme.CA) -> None:
    """Up to TLS 1.2 it has the alert of a missing client certificate."""
    context.maximum_version = TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # its key is none of RSA


def client_certificate(version: TLSVersion) -> Spoil:
    """TLS 1.2 refuses in the handshake, TLS 1.3 after it, when the request is on its way."""

    def spoil(context: SSLContext, ca: trustme.CA) -> None:
        context.maximum_version = version
        context.verify_mode = CERT_REQUIRED
        ca.configure_trust(context)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "code", "verified_alone"),
    [
        (other_name("registry.example"), "certificate_other_name", True),
        (dated(-2 * DAY, -DAY), "certificate_expired", True),
        (dated(-2 * DAY, -DAY, TLSVersion.TLSv1_2), "certificate_expired", True),
        (dated(DAY, 2 * DAY), "certificate_not_yet_valid", True),
        (no_cipher_in_common, "no_tls", False),
        (client_certificate(TLSVersion.TLSv1_2), "client_certificate", False),
        (client_certificate(TLSVersion.TLSv1_3), "client_certificate", False),
    ],
    ids=["name", "over", "over by 1.2", "too early", "ciphers", "client's by 1.2", "client's"],
)
def test_what_is_wrong_with_a_server(
    ca: trustme.CA, pem: str, spoil: Spoil, code: str, verified_alone: bool
) -> None:
    """#39: it is said which, before anything is sent; some matter to who verifies alone."""
    with FakeServer(hello, ca) as server:
        assert server.context is not None
        spoil(server.context, ca)
        error = failure(transport(ca_certificate=pem), server.origin)
        assert (type(error), error.code) == (Unreachable, code)
        assert error.params == {"host": f"127.0.0.1:{server.port}"}
        assert server.requests == []
        if verified_alone:
            assert get(transport(verify_tls=False), server.origin) == b"hello"
        else:
            assert failure(transport(verify_tls=False), server.origin).code == code


def test_other_name_for_a_name(ca: trustme.CA, pem: str) -> None:
    """Told apart for host names as for addresses."""
    with FakeServer(hello, ca, names=["registry.example", "127.0.0.1"]) as server:
        url = f"https://localhost:{server.port}/"
        assert failure(transport(ca_certificate=pem), url).code == "certificate_other_name"
    assert server.requests == []


def test_unknown_ca(ca: trustme.CA) -> None:
    """#39: refused before anything is sent."""
    with FakeServer(hello, ca) as server:
        error = failure(transport(), server.origin)
    assert (type(error), error.code) == (Unreachable, "tls")
    assert error.params == {"host": f"127.0.0.1:{server.port}"}
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


def test_certificate_that_signs_itself() -> None:
    """#39: it may be trusted by itself, which is what the sentence advises."""
    with FakeServer(hello, trustme.CA()) as server:
        server.context, own = signed_by_itself()
        assert failure(transport(), server.origin).code == "self_signed"
        assert server.requests == []
        assert get(transport(ca_certificate=own), server.origin) == b"hello"


def test_certificate_with_a_weak_key() -> None:
    with FakeServer(hello, trustme.CA()) as server:
        server.context, own = signed_by_itself(bits=1024)
        assert failure(transport(ca_certificate=own), server.origin).code == "weak_tls"
    assert server.requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_version_of_tls(ca: trustme.CA, pem: str) -> None:
    with FakeServer(hello, ca) as server:
        server.context = server_context(minimum_security=0)
        server.context.minimum_version = TLSVersion.TLSv1_1
        server.context.maximum_version = TLSVersion.TLSv1_1
        ca.issue_cert("127.0.0.1").configure_cert(server.context)
        assert failure(transport(ca_certificate=pem), server.origin).code == "weak_tls"
    assert server.requests == []


def test_what_a_server_said_before_it_hung_up(ca: trustme.CA, pem: str) -> None:
    """A refusal of TLS 1.3 may lie there unread when sending fails already."""
    with FakeServer(hello, ca) as server:
        assert server.context is not None
        client_certificate(TLSVersion.TLSv1_3)(server.context, ca)
        sock = dial(
            Url.parse(server.origin),
            Deadline(20),
            private=None,
            proxy=None,
            context=tls_context(None, pem, verify=True),
        )

        def send() -> None:
            while True:  # until the kernel knows that nobody reads any more
                sock.sendall(b"x")

        with sock, pytest.raises(SSLError, match="CERTIFICATE_REQUIRED"):
            send()


@pytest.mark.parametrize(
    ("alert", "code"),
    [
        (40, "no_tls"),  # handshake_failure
        (42, "client_certificate"),  # bad_certificate, as Go's servers send it
        (43, "client_certificate"),  # unsupported_certificate
        (46, "client_certificate"),  # certificate_unknown
        (48, "client_certificate"),  # unknown_ca
        (70, "weak_tls"),  # protocol_version
        (71, "weak_tls"),  # insufficient_security
        (80, "no_tls"),  # internal_error
        (112, "certificate_other_name"),  # unrecognized_name
        (116, "client_certificate"),  # certificate_required
    ],
)
def test_alerts(alert: int, code: str) -> None:
    """What a server refuses with, by the number of RFC 8446, section 6.2."""

    def serve(connection: socket) -> None:
        connection.recv(65536)
        connection.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([alert]))

    with RawServer(serve) as server:
        assert failure(transport(), f"https://127.0.0.1:{server.port}/").code == code


def test_plain_http_to_a_server_that_alerts() -> None:
    """TLS alone answers so; the address is to begin with https."""

    def serve(connection: socket) -> None:
        read_head(connection)
        connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46")

    with RawServer(serve) as server:
        error = failure(transport(), server.origin)
    assert (type(error), error.code) == (Misconfigured, "https_needed")


# What servers answer with status 400 before anybody behind them is asked.
NO_CERTIFICATE = b"<title>400 No required SSL certificate was sent</title>"
PLAIN = [
    b"<title>400 The plain HTTP request was sent to HTTPS port</title>",
    b"Client sent an HTTP request to an HTTPS server.\n",
    b"Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
]


@pytest.mark.parametrize(
    ("page", "tls", "kind", "code"),
    [
        *((page, False, Misconfigured, "https_needed") for page in PLAIN),
        (NO_CERTIFICATE, True, Unreachable, "client_certificate"),
    ],
)
def test_pages_about_tls(
    ca: trustme.CA, pem: str, page: bytes, tls: bool, kind: type[ClientError], code: str
) -> None:
    """Over the other scheme, or with another status, they are a registry's own words."""
    over = transport(ca_certificate=pem)
    with FakeServer(lambda _: Reply(400, page), ca if tls else None) as server:
        error = failure(over, server.origin)
    assert (type(error), error.code) == (kind, code)
    assert error.params == {"host": f"127.0.0.1:{server.port}"}
    with FakeServer(lambda _: Reply(400, page), None if tls else ca) as server:
        assert get(over, server.origin) == page
    with FakeServer(lambda _: Reply(404, page), ca if tls else None) as server:
        assert get(over, server.origin) == page


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


@pytest.mark.parametrize(
    ("option", "text", "code"),
    [
        ("ca_certificate", "nonsense", "unreadable_ca"),
        ("ca_certificate", "ä", "unreadable_ca"),
        ("ca_certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n", "unreadable_ca"),
        ("ca_bundle", "/nowhere/absent.pem", "unreadable_ca_bundle"),
    ],
)
def test_unreadable_ca(ca: trustme.CA, option: str, text: str, code: str) -> None:
    """It matters where a certificate is verified, and nowhere else."""
    with FakeServer(hello, ca) as server, FakeServer(hello) as plain:
        error = failure(transport(**{option: text}), server.origin)
        assert (type(error), error.code) == (Misconfigured, code)
        assert server.connections == 0
        assert get(transport(verify_tls=False, **{option: text}), server.origin) == b"hello"
        assert get(transport(**{option: text}), plain.origin) == b"hello"


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
    assert (type(error), error.code) == (Unreachable, "no_tls")


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
