"""What must not get out: secrets in errors, logs and tracebacks; and what must not get in."""

import base64
import logging
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from registries.client.deadline import Deadline
from registries.client.transport import Transport
from registries.client.trust import tls_context
from tests.client.calls import fails
from tests.client.test_addresses import answers
from tests.client.transports import (
    RawServer,
    failure,
    get,
    hello,
    reading,
    traceback_texts,
    transport,
)
from tests.fakes.server import FakeServer, Reply


def send(over: Transport, url: str, canary: str, seconds: float = 5) -> None:
    """A call with the secret everywhere; its own locals do not hold it."""
    encoded = base64.b64encode(canary.encode()).decode()
    over.request(
        "POST",
        url,
        deadline=Deadline(seconds),
        headers={"X-Api-Key": canary},
        authorization=f"Basic {encoded}",
        form={"client_secret": canary},
        limit=10,
    )


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


# What answers, or a URL, and what the way there is like, by the code of what goes wrong.
Trigger = tuple[FakeServer | RawServer | str, dict[str, Any]]
TRIGGERS: dict[str, Callable[[], Trigger]] = {
    "refused": lambda: ("http://127.0.0.1:1/", {}),
    "unreadable_ca": lambda: ("https://127.0.0.1:1/", {"ca_certificate": "nonsense"}),
    "blocked_address": lambda: ("http://127.0.0.1/", {"allow_private_addresses": False}),
    "tls": lambda: (FakeServer(hello, trustme.CA()), {}),
    "redirected": lambda: (FakeServer(lambda _: Reply(302, b"", {"Location": "/x"})), {}),
    "bad_answer": lambda: (RawServer(reading(b"nonsense\r\n\r\n")), {}),
    "too_large": lambda: (FakeServer(lambda _: Reply(200, b"x" * 11)), {}),
    "timeout": lambda: (RawServer(silent), {}),
}


@pytest.mark.parametrize("code", TRIGGERS)
def test_errors_hold_no_secret(code: str, canary: str) -> None:
    """#20, #21: neither the error nor what it carries along shows anything of the request."""
    server, options = TRIGGERS[code]()
    with ExitStack() as stack, fails(code) as caught:
        url = server if isinstance(server, str) else stack.enter_context(server).origin
        send(transport(**options), url, canary, 0.2 if code == "timeout" else 5)
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    text = traceback_texts(caught.value)
    assert "transport" in text, "the report shows the transport's frames"
    assert canary not in text
    assert base64.b64encode(canary.encode()).decode() not in text


def test_logs_hold_no_secret(canary: str, caplog: pytest.LogCaptureFixture) -> None:
    """#22: whatever the site's loggers are set to, http.client's own printing included."""
    caplog.set_level(logging.DEBUG)
    with FakeServer(hello) as server:
        send(transport(), server.origin, canary)
        assert server.requests[0].headers["X-Api-Key"] == canary
    assert canary not in caplog.text


def test_printing_of_http_client(
    canary: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """#22: a site that debugs its own requests does not print ours."""
    monkeypatch.setattr("http.client.HTTPConnection.debuglevel", 1)
    with FakeServer(lambda _: Reply(200, b"", {"X-Token": canary})) as server:
        send(transport(), server.origin, canary)
    captured = capsys.readouterr()
    assert canary not in captured.out + captured.err


def test_reprs_hold_no_secret(canary: str) -> None:
    with FakeServer(lambda _: Reply(200, canary[:10].encode())) as server:
        response = transport().request("GET", server.origin, deadline=Deadline(5), limit=10)
    assert canary[:10] not in repr(response)


def test_poisoned_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """#37: netrc, proxies, CA files and key logs of the environment are not for us."""
    ca = trustme.CA()
    (tmp_path / "ca.pem").write_bytes(ca.cert_pem.bytes())
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login evil password evil\n")
    (tmp_path / ".netrc").chmod(0o600)
    keys = tmp_path / "keys.log"
    with (
        FakeServer(hello) as proxy,
        FakeServer(hello) as server,
        FakeServer(hello, ca) as trusted_by_environment,
    ):
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
            monkeypatch.setenv(name.upper(), proxy.origin)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.setenv(name, str(tmp_path / "ca.pem"))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
        tls_context.cache_clear()
        over = transport()
        for authorization in (None, "Bearer sesame"):
            get(over, server.origin, authorization=authorization)
        assert failure(over, trusted_by_environment.origin).code == "tls"
    assert proxy.requests == []
    assert [one.authorization for one in server.requests] == [None, "Bearer sesame"]
    assert not keys.exists()


@pytest.mark.parametrize(
    ("known", "private", "code", "accepted"),
    [
        (["127.0.0.1"], False, "blocked_address", 0),
        (["127.0.0.1"], True, "connection", 1),
        # Of several addresses only those that may be called are tried.
        (["169.254.169.254", "fe80::1", "127.0.0.1"], True, "connection", 1),
        # 0.0.0.0 leads to this machine, and may never be called, whatever stands beside it.
        (["127.0.0.2", "0.0.0.0"], True, "refused", 0),
    ],
)
def test_names_that_lead_inside(
    monkeypatch: pytest.MonkeyPatch, known: list[str], private: bool, code: str, accepted: int
) -> None:
    """#33: a name is judged by its addresses; nothing is sent to one that is blocked."""
    monkeypatch.setattr(socket, "getaddrinfo", answers(*known))
    with RawServer(reading(b"")) as server:
        over = transport(allow_private_addresses=private)
        error = failure(over, f"http://name.example:{server.port}/")
        assert (error.code, server.accepted) == (code, accepted)


def test_rebinding(monkeypatch: pytest.MonkeyPatch) -> None:
    """#33: the address that was judged is the one that is called; there is no second look-up."""
    turns: list[str] = []

    def rebinding(host: str, *rest: Any, **more: Any) -> Any:
        turns.append(host)
        return answers("127.0.0.2" if len(turns) == 1 else "127.0.0.1")(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with FakeServer(hello) as inside:
        assert failure(transport(), f"http://name.example:{inside.port}/").code == "refused"
    assert turns == ["name.example"]
    assert inside.connections == 0


def test_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure(transport(), "https://name.example/")
    assert (error.code, error.params) == ("dns", {"host": "name.example"})
