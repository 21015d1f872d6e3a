"""A family of fakes on the wire, and clients that reach it by its own names."""

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import trustme

from registries.client.client import Client
from registries.client.deadline import Deadline
from registries.client.tokens import MemoryTokens, TokenStore
from registries.client.transport import Options, Transport
from registries.credentials import Basic, Credential
from registries.endpoint import Endpoint
from tests.fakes.family import Family
from tests.fakes.ledger import Ledger
from tests.fakes.server import FakeServer, Handler, Request

USER_AGENT = "registries-tests/1"
SECONDS = 10.0


def transport(endpoints: Mapping[str, str], ca: trustme.CA | None = None, **more: Any) -> Transport:
    """A way out that leads each origin to the server that stands in for it."""
    options: dict[str, Any] = {
        "timeout": SECONDS,
        "user_agent": USER_AGENT,
        "ca_bundle": None,
        "proxy": None,
        "no_proxy": (),
        "allow_private_addresses": True,
        "endpoints": dict(endpoints),
        "ca_certificate": ca.cert_pem.bytes().decode() if ca else "",
    }
    return Transport(Options(**(options | more)))


class World:
    """Servers for some origins while the `with` block lasts; what strayed fails its end.

    tokens: shared by the clients, as a site's cache is.
    """

    def __init__(
        self, handlers: Mapping[str, Handler], ledger: Ledger, ca: trustme.CA | None = None
    ) -> None:
        self._ca = ca
        self.ledger = ledger
        self.servers = {origin: FakeServer(handler, ca) for origin, handler in handlers.items()}
        self.tokens: TokenStore = MemoryTokens()
        self.transport = transport(
            {origin: server.origin for origin, server in self.servers.items()}, ca
        )
        self._stack = ExitStack()

    @classmethod
    def of(cls, family: Family, ca: trustme.CA | None = None) -> Self:
        return cls(family.servers(), family.ledger, ca if family.tls else None)

    def client(
        self, endpoint: Endpoint, credential: Credential, identity: str = "row 1", **more: Any
    ) -> Client:
        """A client as a service makes one for each call; `more` replaces its other arguments."""
        arguments: dict[str, Any] = {
            "transport": self.transport,
            "tokens": self.tokens,
            "deadline": Deadline(SECONDS),
        }
        return Client(endpoint, credential, identity=identity, **(arguments | more))

    def account(
        self, family: Family, pair: tuple[str, str] | None = None, **changes: Any
    ) -> Client:
        """A client with a pair of the family's, the right one unless it is given.

        `changes` are made to the endpoint of a registry whose token server the row names.
        """
        named: dict[str, Any] = {"url": family.origin, "realms": (family.realm_origin,)}
        return self.client(Endpoint(**(named | changes)), Basic(*(pair or family.right)))

    @property
    def requests(self) -> list[Request]:
        """All that arrived anywhere."""
        return [request for server in self.servers.values() for request in server.requests]

    def forget(self) -> None:
        """Forget the requests so far."""
        for server in self.servers.values():
            server.requests.clear()

    def __enter__(self) -> Self:
        for server in self.servers.values():
            self._stack.enter_context(server)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if error is None:
            assert self.ledger.strays() == []
