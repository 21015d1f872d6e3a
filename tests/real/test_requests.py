"""How often a real registry and its token server are asked, to the request."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from registries import services
from registries.models import Registry
from tests.real.account import Account
from tests.real.conftest import Filled
from tests.real.push import AMD64, Pushed, push_image
from tests.real.rows import credentials, row
from tests.real.token_server import TokenServer

pytestmark = [pytest.mark.usefixtures("programs"), pytest.mark.django_db]

# Scopes that are asked for in one token request.
BATCH = 20
THREADS = 8


@pytest.fixture(scope="module")
def images(token_registry: Filled) -> list[Pushed]:
    """More images than fit into one token request, each with a digest of its own."""
    return [
        push_image(token_registry.server, f"many/app-{n}", "1.0", AMD64 | {"variant": f"v{n}"})
        for n in range(BATCH + 5)
    ]


@pytest.fixture
def registry(token_registry: Filled, token_server: TokenServer, account: Account) -> Registry:
    values = credentials("right", account)
    return row(token_registry.origin, authurl=token_server.origin, **values)


@pytest.fixture
def first_scope_only(token_server: TokenServer) -> Iterator[None]:
    token_server.first_scope_only = True
    yield
    token_server.first_scope_only = False


class Watch:
    """What arrives at the registry and its token server from now on."""

    def __init__(self, registry: Filled, tokens: TokenServer) -> None:
        self._registry, self._tokens = registry.server, tokens
        self.restart()

    def restart(self) -> None:
        self._tokens.requests.clear()
        self._past = len(self._registry.requests)
        self._connections = self._registry.connections, self._tokens.connections

    @property
    def registry(self) -> list[str]:
        return self._registry.requests[self._past :]

    @property
    def scopes(self) -> list[int]:
        """How many scopes each token request had."""
        return [len(request.query["scope"]) for request in self._tokens.requests]

    @property
    def connections(self) -> tuple[int, int]:
        """How many the registry and the token server took."""
        registry, tokens = self._connections
        return self._registry.connections - registry, self._tokens.connections - tokens


@pytest.fixture
def watch(token_registry: Filled, token_server: TokenServer, images: list[Pushed]) -> Watch:
    return Watch(token_registry, token_server)


PING = "GET /v2/ 401"


def head(image: Pushed) -> str:
    return f"HEAD /v2/{image.repository}/manifests/{image.tag} 200"


def read(registry: Registry, images: list[Pushed]) -> None:
    pairs = [(image.repository, image.tag) for image in images]
    assert services.get_digests(registry, pairs) == [image.digest for image in images]


def read_one(registry: Registry, image: Pushed) -> None:
    assert services.get_digest(registry, image.repository, image.tag) == image.digest


def test_many_digests_cost_a_request_each_and_a_token_request_for_twenty(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    read(registry, images)
    assert watch.registry[0] == PING
    assert sorted(watch.registry[1:]) == sorted(map(head, images))
    assert watch.scopes == [BATCH, len(images) - BATCH]


def test_many_digests_again_cost_a_request_each(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    read(registry, images)
    watch.restart()
    read(registry, images)
    assert sorted(watch.registry) == sorted(map(head, images))
    assert watch.scopes == []


@pytest.mark.usefixtures("first_scope_only")
def test_a_token_server_that_grants_one_scope_is_asked_one_by_one_and_remembered(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    early, late = images[:5], images[5:10]
    read(registry, early)
    # What was granted is used: the first image asks for no token of its own.
    assert watch.scopes == [5, 1, 1, 1, 1]
    assert sorted(watch.registry[1:]) == sorted(map(head, early))
    watch.restart()
    read(registry, late)
    assert watch.scopes == [1, 1, 1, 1, 1]
    assert sorted(watch.registry) == sorted(map(head, late))


def test_a_token_server_that_grants_several_is_asked_for_several_again(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    read(registry, images[:5])
    read(registry, images[5:10])
    assert watch.scopes == [5, 5]


def test_one_digest_after_another_costs_one_request(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    image = images[0]
    for _ in range(5):
        read_one(registry, image)
    assert watch.registry == [PING, *[head(image)] * 5]
    assert watch.scopes == [1]
    assert watch.connections == (1, 1)


def test_another_repository_costs_a_token_and_no_ping(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    read_one(registry, images[0])
    read_one(registry, images[1])
    assert watch.registry == [PING, head(images[0]), head(images[1])]
    assert watch.scopes == [1, 1]
    assert watch.connections == (1, 1)


def test_threads_share_the_connection_and_the_token_of_those_before(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    for _ in range(THREADS):
        with ThreadPoolExecutor(1) as thread:
            thread.submit(read_one, registry, images[0]).result()
    assert watch.registry == [PING, *[head(images[0])] * THREADS]
    assert watch.scopes == [1]
    assert watch.connections == (1, 1)


def test_threads_at_once_share_one_token(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    start = threading.Barrier(THREADS)

    def run(_: int) -> None:
        start.wait()
        read_one(registry, images[0])

    for _ in range(2):
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(run, range(THREADS)))
    assert watch.registry.count(PING) == 1
    assert watch.registry.count(head(images[0])) == 2 * THREADS
    assert len(watch.registry) == 2 * THREADS + 1
    assert watch.scopes == [1]
    at_registry, at_tokens = watch.connections
    assert at_registry <= THREADS
    assert at_tokens == 1


def test_tags_cost_a_request_once_signed_in(
    registry: Registry, images: list[Pushed], watch: Watch
) -> None:
    image = images[0]
    page = f"GET /v2/{image.repository}/tags/list?n=1000 200"
    assert services.list_tags(registry, image.repository) == [image.tag]
    assert services.list_tags(registry, image.repository) == [image.tag]
    assert watch.registry == [PING, page, page]
    assert watch.scopes == [1]
    read_one(registry, image)
    assert watch.scopes == [1]
