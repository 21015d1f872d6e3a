"""Calls of a client to a fake registry with fixed replies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from registries.client.client import Client, Outcome
from registries.client.errors import (
    ClientError,
    ImageDenied,
    Misconfigured,
    NotFound,
    Rejected,
    Throttled,
    Unreachable,
)
from registries.credentials import Anonymous, Basic
from registries.endpoint import Endpoint
from registries.verdicts import CODES, Verdict
from tests.fakes.family import answer
from tests.fakes.images import Stored
from tests.fakes.ledger import Ledger
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World

Answer = Callable[[Request], Reply]
CLASSES = {
    Verdict.REJECTED: Rejected,
    Verdict.MISCONFIGURED: Misconfigured,
    Verdict.THROTTLED: Throttled,
    Verdict.UNREACHABLE: Unreachable,
}


def check(reply: Reply, credential: Any = None, **endpoint: Any) -> tuple[Outcome, list[Request]]:
    """Check a registry that always sends this reply; return the outcome and the requests."""
    with FakeServer(lambda request: reply) as server:
        client = World({}, Ledger()).client(
            Endpoint(**({"url": server.origin} | endpoint)),
            credential or Basic("reader", "secret"),
        )
        return client.check(), server.requests


def verdict(outcome: Outcome) -> tuple[str, str]:
    """Return the verdict and the code, whose sentence must have its parameters."""
    assert None not in outcome.params.values()
    assert CODES[outcome.code].sentence % outcome.params
    return outcome.verdict.value, outcome.code


def code_of(error: ClientError) -> str:
    """The code; the error must be of its class, and have what its sentence names."""
    of_an_image = ImageDenied if error.code == "no_access_to_image" else NotFound
    assert type(error) is CLASSES.get(error.verdict, of_an_image)
    assert None not in error.params.values()
    assert CODES[error.code].sentence % error.params
    return error.code


@contextmanager
def fails(code: str) -> Iterator[pytest.ExceptionInfo[ClientError]]:
    """Expect a ClientError with this code."""
    with pytest.raises(ClientError) as caught:
        yield caught
    assert code_of(caught.value) == code


def call_client(
    respond: Answer, call: Callable[[Client], Any], **endpoint: Any
) -> tuple[Any, list[str]]:
    """Call an open registry about `acme/app`; return the result, or the code of the error, and the
    methods that were used.
    """

    def handler(request: Request) -> Reply:
        if request.path == "/v2/":
            return answer({})
        assert request.path.startswith("/v2/acme/app/"), request.path
        return respond(request)

    with FakeServer(handler) as server:
        endpoint = {"url": server.origin} | endpoint
        client = World({}, Ledger()).client(Endpoint(**endpoint), Anonymous())
        try:
            result = call(client)
        except ClientError as error:
            result = code_of(error)
        return result, [request.method for request in server.requests[1:]]


def digest(respond: Answer, reference: str = "latest", **endpoint: Any) -> tuple[Any, list[str]]:
    return call_client(respond, lambda client: client.digest("acme/app", reference), **endpoint)


def manifest(respond: Answer, reference: str = "latest") -> tuple[Any, list[str]]:
    return call_client(respond, lambda client: client.manifest("acme/app", reference))


def serving(stored: Stored, *, named: str | None = "right", head: int = 200) -> Answer:
    """A registry with one manifest; named: the digest in its header."""

    def respond(request: Request) -> Reply:
        headers = {"Content-Type": stored.media_type}
        if named is not None:
            headers["Docker-Content-Digest"] = stored.digest if named == "right" else named
        if request.method == "HEAD" and head != 200:
            return Reply(head)
        return Reply(200, stored.body, headers)

    return respond
