"""What holds for the exchanges with all clouds: nothing is followed, and nothing is late."""

import threading
from collections.abc import Callable

import pytest

from tests.client import test_exchange_aws as aws
from tests.client import test_exchange_azure as azure
from tests.client import test_exchange_google as google
from tests.client.calls import fails
from tests.fakes.server import FakeServer, Handler, Reply, Request

Exchange = Callable[[FakeServer, float], object]


def to_amazon(server: FakeServer, seconds: float) -> object:
    return aws.call(server, aws.keys(), seconds)


def to_google(server: FakeServer, seconds: float) -> object:
    return google.call(server, seconds=seconds)


def to_the_authority(server: FakeServer, seconds: float) -> object:
    with FakeServer(azure.acr) as registry:
        return azure.call(server, registry, seconds=seconds)


def to_the_tenant(server: FakeServer, seconds: float) -> object:
    with FakeServer(discovering(server.handler)) as entra, FakeServer(azure.acr) as registry:
        return azure.call(entra, registry, seconds=seconds)


def to_the_login_server(server: FakeServer, seconds: float) -> object:
    with FakeServer(azure.Entra()) as entra:
        return azure.call(entra, server, seconds=seconds)


def discovering(then: Handler) -> Handler:
    """A tenant whose token endpoint answers so."""
    entra = azure.Entra()
    return lambda request: entra(request) if request.method == "GET" else then(request)


EXCHANGES = {
    to_amazon: "api.ecr.eu-west-1.amazonaws.com",
    to_google: "oauth2.googleapis.com",
    to_the_authority: "login.microsoftonline.com",
    to_the_tenant: "login.microsoftonline.com",
    to_the_login_server: "example.azurecr.io",
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_no_exchange_follows(exchange: Exchange, status: int) -> None:
    """#36: not even to the same origin is anything sent a second time."""
    requests: list[str] = []

    def redirecting(request: Request) -> Reply:
        requests.append(request.method)
        return Reply(status, b"", {"Location": "/elsewhere"})

    with FakeServer(redirecting) as server, fails("redirected") as caught:
        exchange(server, 10)
    assert caught.value.params == {"host": EXCHANGES[exchange]}
    assert len(requests) == 1


@pytest.mark.parametrize("exchange", [item for item in EXCHANGES if item is not to_the_tenant])
def test_no_exchange_takes_longer_than_the_call_may(exchange: Exchange) -> None:
    """#40: no SDK waits for anything of its own, and two servers have one deadline together."""
    stop, answered = threading.Event(), threading.Event()

    def slow(_: Request) -> Reply:
        if not stop.wait(20):
            answered.set()
        return Reply()

    def call() -> None:
        try:
            exchange(server, 1.0)
        finally:
            stop.set()

    with FakeServer(slow) as server, fails("timeout") as caught:
        call()
    assert not answered.is_set()
    assert caught.value.params == {"host": EXCHANGES[exchange]}
