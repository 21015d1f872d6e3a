"""Redirects of the clouds' own servers: none is followed, whatever its code."""

from collections.abc import Callable

import pytest

from tests.client import test_exchange_aws as aws
from tests.client import test_exchange_azure as azure
from tests.client import test_exchange_google as google
from tests.client.asking import fails
from tests.fakes.server import FakeServer, Handler, Reply, Request

Exchange = Callable[[FakeServer], object]


def to_amazon(server: FakeServer) -> object:
    return aws.call(server, aws.keys())


def to_google(server: FakeServer) -> object:
    return google.call(server)


def to_the_authority(server: FakeServer) -> object:
    with FakeServer(azure.acr) as registry:
        return azure.call(server, registry)


def to_the_tenant(server: FakeServer) -> object:
    with FakeServer(discovering(server.handler)) as entra, FakeServer(azure.acr) as registry:
        return azure.call(entra, registry)


def to_the_login_server(server: FakeServer) -> object:
    with FakeServer(azure.Entra()) as entra:
        return azure.call(entra, server)


def discovering(then: Handler) -> Handler:
    """A tenant whose token endpoint answers so."""
    entra = azure.Entra()
    return lambda request: entra(request) if request.method == "GET" else then(request)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "exchange", [to_amazon, to_google, to_the_authority, to_the_tenant, to_the_login_server]
)
def test_no_exchange_follows(exchange: Exchange, status: int) -> None:
    """#36: not even to the same origin is anything sent a second time."""
    asked: list[str] = []

    def redirecting(request: Request) -> Reply:
        asked.append(request.method)
        return Reply(status, b"", {"Location": "/elsewhere"})

    with FakeServer(redirecting) as server, fails("redirected"):
        exchange(server)
    assert len(asked) == 1
