"""The real registries, started once for each test process and filled alike."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from registries.models import Registry
from tests.real.account import Account
from tests.real.push import Pushed, push_image, push_index, push_tags
from tests.real.rows import credentials, row
from tests.real.servers import Auth, Htpasswd, Open, RealRegistry, Token, missing, session
from tests.real.token_server import PUBLIC, TokenServer


@dataclass(frozen=True)
class Filled:
    """A running registry and what it holds; with token authentication guests may pull `public`."""

    server: RealRegistry
    image: Pushed
    index: Pushed
    public: Pushed

    @property
    def origin(self) -> str:
        return self.server.origin


def pytest_runtest_setup(item: pytest.Function) -> None:
    """Leave a test out where the programs are missing; with REQUIRE_REAL=1 fail it instead.

    In this one place, not in the fixture: pytest then tells it once, not once a test.
    """
    if "programs" in item.fixturenames and (lack := missing()):
        reason = f"tests against real registries left out: {lack}"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def programs() -> None:
    """What a test module asks for that starts registries."""


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with session() as http:
        yield http


@pytest.fixture(scope="session")
def account() -> Account:
    return Account.random()


@pytest.fixture(scope="session")
def shared_token_server(account: Account) -> Iterator[TokenServer]:
    with TokenServer(account) as server:
        yield server


@pytest.fixture
def token_server(shared_token_server: TokenServer) -> TokenServer:
    """The token server of `token_registry`; `requests` starts empty."""
    shared_token_server.requests.clear()
    return shared_token_server


@contextmanager
def filled(folder: Path, auth: Auth) -> Iterator[Filled]:
    with RealRegistry(folder, auth) as registry:
        yield Filled(
            registry,
            image=push_image(registry, "team/app", "1.0"),
            index=push_index(registry, "team/multi", "1.0"),
            public=push_image(registry, f"{PUBLIC}app", "1.0"),
        )


@pytest.fixture(scope="session")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Lets everybody in."""
    with filled(tmp_path_factory.mktemp("open"), Open()) as registry:
        yield registry


@pytest.fixture(scope="session")
def basic_registry(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Lets `account` in, by htpasswd."""
    with filled(tmp_path_factory.mktemp("basic"), Htpasswd(account)) as registry:
        yield registry


@pytest.fixture(scope="session")
def token_registry(
    shared_token_server: TokenServer, account: Account, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    """Lets in whom the token server at another port lets in."""
    with filled(tmp_path_factory.mktemp("token"), Token(shared_token_server, account)) as registry:
        yield registry


@pytest.fixture
def lone_registry(account: Account, tmp_path: Path) -> Iterator[RealRegistry]:
    """An empty registry with htpasswd, for one test to stop or freeze."""
    with RealRegistry(tmp_path, Htpasswd(account)) as registry:
        yield registry


@pytest.fixture(scope="session")
def many_tags(open_registry: Filled) -> tuple[str, set[str]]:
    """A repository of `open_registry` with 2,501 tags, and the tags."""
    tags = {f"{major}.{minor}" for major in range(50) for minor in range(50)}
    push_tags(open_registry.server, "team/many", tags)
    return "team/many", tags | {"latest"}


@pytest.fixture(params=["open_registry", "basic_registry", "token_registry"])
def readable(
    db: None, request: pytest.FixtureRequest, account: Account, shared_token_server: TokenServer
) -> tuple[Registry, Filled]:
    """A row that may read everything, and its registry: each of the three in turn."""
    filled: Filled = request.getfixturevalue(request.param)
    way = "none" if request.param == "open_registry" else "right"
    authurl = shared_token_server.origin if request.param == "token_registry" else None
    return row(filled.origin, authurl=authurl, **credentials(way, account)), filled
