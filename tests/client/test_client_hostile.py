"""Servers that send what no server should: only our own errors come out, and in time."""

import json
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registries.client import links, manifests, responses
from registries.client.deadline import Deadline
from registries.client.errors import ClientError
from registries.client.tokens import MemoryTokens
from registries.credentials import Basic
from registries.endpoint import Endpoint, Proof
from registries.verdicts import CODES
from tests.client.conftest import Serve
from tests.cost import is_read_in_one_pass
from tests.fakes.images import PRIVATE
from tests.fakes.ledger import Ledger, basic
from tests.fakes.selfhosted import TokenRegistry
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World

NESTED = b"[" * 100_000
BODIES = {
    "deep list": NESTED,
    "deep object": b'{"a":' * 50_000,
    "deep but closed": b'{"errors":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "long number": b'{"expires_in":' + b"9" * 5000 + b"}",
    "not a number": b'{"token": "a", "expires_in": NaN}',
    "infinity": b'{"token": "a", "expires_in": -Infinity}',
    "utf-16": '{"token": "a"}'.encode("utf-16"),
    "no utf-8": b'{"token": "\xff\xfe"}',
    "surrogate": b'{"token": "\\ud800", "tags": ["\\ud800"]}',
    "nul": b'{"token": "a\\u0000", "tags": ["a\\u0000"], "schemaVersion": 2}',
    "list": b"[1, 2, 3]",
    "text": b'"token"',
    "null": b"null",
    "nothing": b"",
    "html": b"<!doctype html><title>Sign in</title>",
    "wrong types": json.dumps(
        {
            "token": {},
            "tags": {"a": 1},
            "errors": [{"code": []}, 7],
            "manifests": 3,
            "mediaType": [],
        }
    ).encode(),
    "errors as text": b'{"errors": "DENIED", "tags": "a"}',
    "token in pieces": json.dumps({"token": "a.b.c"}).encode(),
    "a hostile jwt": json.dumps({"token": f"a.{'A' * 9000}.c"}).encode(),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("hostile", ["token", "registry"])
def test_only_our_errors_come_out(name: str, hostile: str) -> None:
    """#42: whatever is in a body, at every step of every call."""
    body = BODIES[name]
    challenge = {"WWW-Authenticate": 'Bearer realm="/token",service="s"'}
    status = 200

    def handler(request: Request) -> Reply:
        if request.path == "/token":
            return Reply(status, body) if hostile == "token" else Reply(200, b'{"token": "a"}')
        if request.bearer is None:
            return Reply(401, body, challenge)
        return Reply(status, body, challenge | {"Content-Type": manifests.INDEXES[0]})

    with FakeServer(handler) as server:
        endpoint = Endpoint(url=server.origin, proof=Proof.USER_ID)
        for status in (200, 400, 401, 403, 404, 405, 429, 500):
            world = World({}, Ledger())
            for call in CALLS:
                client = world.client(endpoint, Basic("reader", "x"), tokens=MemoryTokens())
                assert code_of(call, client) in CODES, status


def code_of(call: Callable[[Any], Any], client: Any) -> str:
    """The code that a call ends with."""
    try:
        call(client)
    except ClientError as error:
        return error.code
    return "signed_in"


CALLS: list[Callable[[Any], Any]] = [
    lambda client: client.check("acme/app", "latest"),
    lambda client: client.tags("acme/app"),
    lambda client: client.digest("acme/app", "latest"),
    lambda client: client.manifest("acme/app", "latest"),
    lambda client: client.digests([("acme/app", "latest"), ("acme/other", "latest")]),
]


@pytest.mark.parametrize("repeated", [b"[", b'{"a":', b'"'])
def test_a_hostile_body_is_read_in_one_pass(repeated: bytes) -> None:
    """#41, #42."""
    assert responses.json_object(repeated * 200_000) is None
    assert is_read_in_one_pass(responses.json_object, lambda size: repeated * size)


@pytest.mark.parametrize("tail", ["", "x", ";"])
@pytest.mark.parametrize("repeated", ["<a>;", "<", '<a>;"', "<a>,", " "])
def test_a_hostile_link_is_read_in_one_pass(repeated: str, tail: str) -> None:
    """#41, #42."""

    def read(line: str) -> None:
        links.next_targets([line])

    assert is_read_in_one_pass(read, lambda size: repeated * size + tail)


def test_an_error_shows_no_secret(serve: Serve, canary: str) -> None:
    """#20, #21: neither its words nor the local values of its traceback, nor what it came from."""

    class Echoing(TokenRegistry):
        def refused(self) -> Reply:
            words = f"{self.wrong} {basic(*self.wrong)}"
            return Reply(401, json.dumps({"errors": [{"code": "X", "message": words}]}).encode())

    family, world = serve(Echoing)
    family.wrong = ("reader", canary)
    family.ledger.allow(basic(*family.wrong), family.realm_origin)
    client = world.account(family, family.wrong)
    with pytest.raises(ClientError) as caught:
        client.digest(PRIVATE, "v1")
    [failed] = client.digests([(PRIVATE, "v1")])
    assert isinstance(failed, ClientError)
    hidden = (canary, basic(*family.wrong).removeprefix("Basic "))
    for error in (caught.value, failed):
        assert error.__context__ is None
        assert error.__cause__ is None
        output = "".join(
            traceback.TracebackException.from_exception(error, capture_locals=True).format()
        )
        output += repr(error) + str(error) + repr(error.params)
        # The test's own frame knows the secret; the client's may not show it.
        output = output.partition("registries/client")[2]
        assert not [secret for secret in hidden if secret in output]


def test_a_tokens_text_is_in_no_traceback(serve: Serve) -> None:
    """#20: nor is a bearer token that was refused and could not be renewed."""

    class Failing(TokenRegistry):
        def token_text(self, user: str | None, allowed: list[str]) -> str:
            return "bearer-canary"

    family, world = serve(Failing)
    assert world.account(family).digest(PRIVATE, "v1")
    family.forget_tokens()
    family.denied = lambda user, expected: Reply(500)  # type: ignore[method-assign] # from now on
    with pytest.raises(ClientError) as caught:
        world.account(family).digest(PRIVATE, "v1")
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "bearer-canary" not in "".join(report.format())


def test_a_document_holds_no_constants_of_javascript() -> None:
    """#42: NaN is no JSON, and compares with nothing."""
    assert responses.json_object(b'{"expires_in": 300}') == {"expires_in": 300}
    for constant in (b"NaN", b"Infinity", b"-Infinity"):
        assert responses.json_object(b'{"expires_in": ' + constant + b"}") is None


@pytest.mark.parametrize(("before", "read"), [(99, {"A", "B"}), (100, {"A"})])
def test_a_hundred_errors_are_read(before: int, read: set[str]) -> None:
    """#41: nobody has more to say."""
    errors = [{"code": "A"}] * before + [{"code": "B"}]
    assert responses.error_codes(json.dumps({"errors": errors}).encode()) == read


def test_a_token_server_that_never_ends(serve: Serve) -> None:
    """#40: the deadline holds for pings, tokens and requests together."""

    class Slow(TokenRegistry):
        def token(self, request: Request) -> Reply:
            def chunks() -> Iterator[bytes]:
                for _ in range(100):
                    time.sleep(0.05)
                    yield b" "

            return Reply(200, chunks())

    family, world = serve(Slow)
    endpoint = Endpoint(url=family.origin, realms=(family.realm_origin,))
    client = world.client(
        endpoint, Basic(*family.right), deadline=Deadline(0.4), transport=world.transport
    )
    outcome = client.check()
    assert (outcome.verdict, outcome.code) == ("unreachable", "timeout")
