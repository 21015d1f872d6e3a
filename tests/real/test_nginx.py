"""An nginx that wants a client certificate, which it says in a page of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured, Unreachable
from tests.client.transports import transport
from tests.real.nginx import missing, nginx


@pytest.fixture(params=["TLSv1.2", "TLSv1.3"])
def server(request: pytest.FixtureRequest, tmp_path: Path, ca: trustme.CA) -> Iterator[int]:
    with nginx(tmp_path, ca, request.param) as port:
        yield port


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    """Leave these tests out where nginx is missing; with REQUIRE_REAL=1 fail them instead."""
    if lack := missing():
        reason = f"tests against a real nginx left out: {lack}"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)
    return trustme.CA()


def failure(ca: trustme.CA, url: str) -> ClientError:
    over = transport(ca_certificate=ca.cert_pem.bytes().decode())
    with pytest.raises(ClientError) as caught:
        over.request("GET", url, deadline=Deadline(20), limit=10_000)
    return caught.value


def test_client_certificate(server: int, ca: trustme.CA) -> None:
    """nginx lets the handshake pass and answers 400 in both versions of TLS."""
    error = failure(ca, f"https://127.0.0.1:{server}/v2/")
    assert (type(error), error.code) == (Unreachable, "client_certificate")
    assert error.params == {"host": f"127.0.0.1:{server}"}


def test_plain_http(server: int, ca: trustme.CA) -> None:
    error = failure(ca, f"http://127.0.0.1:{server}/v2/")
    assert (type(error), error.code) == (Misconfigured, "https_needed")
