"""Digests of many images: tokens for several repositories in one request, where that works."""

import secrets
import threading
from typing import Any

import pytest
import trustme

from registries.client import batch
from registries.client.client import THREADS
from registries.client.deadline import Deadline
from registries.client.errors import (
    ClientError,
    ImageDenied,
    Misconfigured,
    Rejected,
    Throttled,
    Unreachable,
)
from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.client.conftest import Serve
from tests.fakes.family import answer
from tests.fakes.images import Repository, repository
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import BasicRegistry, TokenRegistry
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World

COUNT = 200
NAMES = [f"team/app-{number}" for number in range(COUNT)]
PAIRS = [(name, "latest") for name in NAMES]


class Many(TokenRegistry):
    """A token registry with many repositories."""

    denied_names: frozenset[str] = frozenset()

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        readable, hidden = repository("account"), repository("nobody")
        self.images: dict[str, Repository] = {
            name: hidden if name in self.denied_names else readable for name in NAMES
        }

    @property
    def expected(self) -> str:
        return self.images[NAMES[0]].tags["latest"].digest


class FirstScopeAlone(Many):
    """Grants the first of several scopes, or so many, and says so."""

    most = 1

    def granted(self, user: str | None, requested: list[str]) -> Reply:
        return super().granted(user, requested[: self.most])


class Opaque(Many):
    """Its tokens do not say what they grant."""

    def token_text(self, user: str | None, allowed: list[str]) -> str:
        return secrets.token_urlsafe(30)


class OpaqueFirstScopeAlone(Opaque, FirstScopeAlone):
    """Grants the first of several scopes, and does not say so."""


class RefusesSeveral(Many):
    """Understands one scope alone."""

    status = 400

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        return Reply(self.status) if len(requested) > 1 else None


class SomeDenied(Many):
    """A few repositories are not the account's; the rest of each batch is granted."""

    denied_names = frozenset(NAMES[::7])


class DeniedSpoils(SomeDenied):
    """One that is denied makes it refuse them all, as ghcr.io does with guests."""

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        return None if all(self.readable(user, name) for name in requested) else Reply(403)


def digests(world: World, family: Many) -> list[str | ClientError]:
    return world.account(family).digests(PAIRS)


def counts(world: World, family: Many) -> tuple[int, int]:
    """Requests at the registry and at its token server; then they are forgotten."""
    registry, tokens = (
        len(world.servers[origin].requests) for origin in (family.origin, family.realm_origin)
    )
    world.forget()
    return registry, tokens


@pytest.mark.parametrize("kind", [Many, Opaque])
def test_twenty_scopes_in_one_request(serve: Serve, kind: type[Many]) -> None:
    """1.1 requests an image when nothing is known, one when it is."""
    family, world = serve(kind)
    assert digests(world, family) == [family.expected] * COUNT
    assert counts(world, family) == (1 + COUNT, COUNT / batch.LARGEST)
    assert digests(world, family) == [family.expected] * COUNT
    assert counts(world, family) == (COUNT, 0)
    assert world.account(family).digest(NAMES[50], "v1")
    assert counts(world, family) == (1, 0)


@pytest.mark.parametrize("status", [400, 404])
def test_a_server_that_understands_one_scope_is_asked_one_by_one(serve: Serve, status: int) -> None:
    family, world = serve(RefusesSeveral)
    family.status = status
    assert digests(world, family) == [family.expected] * COUNT
    assert counts(world, family) == (1 + COUNT, 1 + COUNT)


def test_a_server_that_grants_the_first_scope_alone_is_asked_one_by_one(serve: Serve) -> None:
    """That is remembered: the next call does not try again."""
    family, world = serve(FirstScopeAlone)
    assert digests(world, family) == [family.expected] * COUNT
    assert counts(world, family) == (1 + COUNT, COUNT)
    family.forget_tokens()
    assert digests(world, family) == [family.expected] * COUNT
    requests = [r.query["scope"] for r in world.servers[family.realm_origin].requests]
    assert {len(scopes) for scopes in requests} == {1}


@pytest.mark.parametrize(
    ("name", "value"), [("realm", "https://auth.example.com/other"), ("service", "other")]
)
def test_that_is_remembered_of_one_server_alone(serve: Serve, name: str, value: str) -> None:
    family, world = serve(FirstScopeAlone)
    world.account(family).digests(PAIRS[:20])
    family.most = COUNT
    setattr(family, name, value)
    assert world.account(family).check().code == "signed_in"
    world.forget()
    world.account(family).digests(PAIRS[20:40])
    assert counts(world, family) == (20, 1)


def test_that_is_found_out_where_tokens_say_nothing(serve: Serve) -> None:
    """The first refusals tell; after them each repository asks for itself, and that is kept."""
    family, world = serve(OpaqueFirstScopeAlone)
    assert digests(world, family) == [family.expected] * COUNT
    counts(world, family)
    world.tokens = type(world.tokens)()
    world.account(family).digests(PAIRS[:20])
    counts(world, family)
    world.account(family).digests(PAIRS[20:60])
    assert counts(world, family) == (40, 40)


@pytest.mark.parametrize("kind", [SomeDenied, DeniedSpoils])
def test_images_that_are_denied_do_not_spoil_the_others(
    serve: Serve, kind: type[SomeDenied]
) -> None:
    """HEAD is refused without a reason, so GET is asked once for each that is denied."""
    family, world = serve(kind)
    results = digests(world, family)
    for name, result in zip(NAMES, results, strict=True):
        if name in family.denied_names:
            assert isinstance(result, ImageDenied)
        else:
            assert result == family.expected
    if kind is SomeDenied:
        denied = len(family.denied_names)
        assert counts(world, family) == (1 + COUNT + denied, COUNT / batch.LARGEST + denied)


def test_one_image_is_no_batch(serve: Serve) -> None:
    """Its token is asked for once, and once more without a scope: the account is not refused."""
    family, world = serve(DeniedSpoils)
    [results] = world.account(family).digests(PAIRS[:1])
    assert isinstance(results, ImageDenied)
    assert counts(world, family) == (1, 2)


def test_two_images_are_one(serve: Serve) -> None:
    family, world = serve(Many)
    assert world.account(family).digests(PAIRS[:2]) == [family.expected] * 2
    assert counts(world, family) == (3, 1)


def test_a_guest_who_is_denied_one_image_gets_the_others(serve: Serve) -> None:
    """ghcr.io refuses a guest's token where one image is private."""
    family, world = serve(DeniedSpoils)
    family.images = {
        name: repository("account" if name in family.denied_names else "everybody")
        for name in NAMES
    }
    results = world.client(Endpoint(url=family.origin), Anonymous()).digests(PAIRS)
    assert [isinstance(result, ImageDenied) for result in results] == [
        name in family.denied_names for name in NAMES
    ]


def test_a_basic_registry_needs_no_tokens(serve: Serve) -> None:
    class ManyBasic(BasicRegistry):
        def __init__(self, ledger: Ledger) -> None:
            super().__init__(ledger)
            self.images = dict.fromkeys(NAMES, repository())

    family, world = serve(ManyBasic)
    results = world.account(family).digests(PAIRS)
    assert len(set(results)) == 1
    assert len(world.requests) == 1 + COUNT


def test_the_answers_stand_in_the_order_of_the_questions(serve: Serve) -> None:
    family, world = serve(Many)
    tags = list(family.images[NAMES[0]].tags)
    pairs = [(NAMES[number % 9], tags[number % 7]) for number in range(70)]
    pairs[7] = ("NOT A NAME", "latest")
    pairs[8] = (NAMES[0], "no tag!")
    pairs[9] = (NAMES[0], "v99")
    results = world.account(family).digests(pairs)
    for number, (name, tag) in enumerate(pairs):
        if number in {7, 8}:
            assert isinstance(results[number], Misconfigured)
        elif number == 9:
            assert isinstance(results[number], ClientError)
        else:
            assert results[number] == family.images[name].tags[tag].digest
    heads = [r.target for r in world.requests if r.method == "HEAD"]
    assert len(heads) == len(set(heads))  # a pair that is there twice is asked for once


def test_nothing_is_asked_for_nothing(serve: Serve) -> None:
    family, world = serve(Many)
    assert world.account(family).digests([("NOT A NAME", "latest")] * 3)
    assert world.account(family).digests([]) == []
    assert all(request.path == "/v2/" for request in world.requests)


def test_a_registry_that_asks_for_a_pause_gets_it(serve: Serve) -> None:
    """#44: what was not asked before the 429 is not asked after it."""

    class Pausing(Many):
        def manifest(self, request: Request, stored: Any) -> Reply:
            return Reply(429, b"", {"Retry-After": "60"})

    family, world = serve(Pausing)
    results = digests(world, family)
    assert all(isinstance(error, Throttled) and error.retry_at for error in results)
    assert counts(world, family)[0] <= 1 + 8


def test_wrong_credentials_stop_everything(serve: Serve) -> None:
    family, world = serve(Many)
    results = world.account(family, family.wrong).digests(PAIRS)
    assert all(isinstance(error, Rejected) for error in results)
    assert counts(world, family) == (1, 1)


def codes(results: list[str | ClientError]) -> set[str]:
    """The codes of what went wrong, everywhere and found out once by each thread at most."""
    assert len(results) == COUNT
    assert len(set(map(id, results))) <= THREADS
    return {error.code for error in results if isinstance(error, ClientError)}


def test_a_registry_that_is_gone_stops_everything() -> None:
    client = World({}, Ledger()).client(Endpoint(url="http://127.0.0.1:1"), Anonymous())
    assert codes(client.digests(PAIRS)) == {"refused"}


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("http://blobs.invalid/", "dns"),
        ("http://127.0.0.1:1/", "refused"),
        ("https://127.0.0.1:{strange}/", "tls"),
        ("https://127.0.0.1:{plain}/", "no_tls"),
        # #40: nobody waits in vain once more for each image.
        ("", "timeout"),
    ],
)
def test_what_is_wrong_for_all_stops_everything(ca: trustme.CA, place: str, code: str) -> None:
    """Each thread finds out for itself at most; the others get the error of the first."""
    over = threading.Event()

    def handler(request: Request) -> Reply:
        if request.path == "/v2/":
            return answer({})
        if not place:
            over.wait(10)
        return Reply(307, b"", {"Location": place.format(**ports)})

    with FakeServer(lambda request: Reply(), ca) as strange, FakeServer(handler) as server:
        ports = {"strange": strange.port, "plain": server.port}
        endpoint, deadline = Endpoint(url=server.origin), Deadline(30 if place else 0.5)
        client = World({}, Ledger()).client(endpoint, Anonymous(), deadline=deadline)
        results = client.digests(PAIRS)
        over.set()
    assert codes(results) == {code}


def test_one_image_that_fails_does_not_stop_the_others(serve: Serve) -> None:
    class Failing(Many):
        def refusal(self, request: Request, repository: str) -> Reply | None:
            return Reply(500) if repository == NAMES[3] else super().refusal(request, repository)

    family, world = serve(Failing)
    results = world.account(family).digests(PAIRS[:30])
    assert [number for number, result in enumerate(results) if result != family.expected] == [3]
    assert isinstance(results[3], Unreachable)


def test_long_names_make_smaller_batches(serve: Serve) -> None:
    """Servers take about eight kilobytes in a request line."""
    # A slash takes three characters there.
    names = [f"{'a/' * 120}{number}" for number in range(60)]
    family, world = serve(Many)
    family.images = dict.fromkeys(names, repository("account"))
    results = world.account(family).digests([(name, "v1") for name in names])
    assert len(set(results)) == 1
    targets = [request.target for request in world.servers[family.realm_origin].requests]
    assert max(map(len, targets)) < 8000
    assert len(targets) < 10
