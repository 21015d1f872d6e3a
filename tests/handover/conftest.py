"""Clouds that exchange identities, as rows of the site reach them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from registries.models import Registry
from tests.factories import create
from tests.fakes.clouds import TENANT, AzureTenant, Ecr, EcrPublic, Google
from tests.fakes.family import Family
from tests.fakes.ledger import Ledger
from tests.fakes.server import FakeServer, Request


@dataclass
class Cloud:
    """A family's servers, and a row that signs in there with the right credentials."""

    family: Family
    row: Registry
    servers: dict[str, FakeServer] = field(default_factory=dict)

    def exchanges(self) -> list[Request]:
        """The requests that handed out something short-lived, or refused it."""
        return [
            request
            for server in self.servers.values()
            for request in server.requests
            if request.method == "POST"
            and request.path.rpartition("/")[2] in {"", "exchange", "token"}
        ]


CLOUDS: dict[str, type[Family]] = {
    "ecr": Ecr,
    "ecr-public": EcrPublic,
    "gcr": Google,
    "acr": AzureTenant,
}


def columns(slug: str, family: Family) -> dict[str, Any]:
    """The columns of a row that signs in to the fake."""
    user, secret = family.right
    match slug:
        case "ecr":
            return {"accesskey": user, "secretaccesskey": secret}
        case "ecr-public":
            return {"accesskey": user, "secretaccesskey": secret, "prefix": "public.ecr.aws"}
        case "gcr":
            return {"clientemail": user, "privatekey": secret}
        case _:
            names = {"clientid": user, "clientsecret": secret, "tenantid": TENANT}
            return {**names, "url": family.origin}


@pytest.fixture
def cloud(settings: Any, db: None) -> Iterator[Callable[..., Cloud]]:
    """Make a cloud by its name; `more` are columns of the row."""
    with ExitStack() as stack:

        def make(slug: str, **more: Any) -> Cloud:
            family = CLOUDS[slug](Ledger())
            servers = {
                origin: stack.enter_context(FakeServer(handler))
                for origin, handler in family.servers().items()
            }
            endpoints = {origin: server.origin for origin, server in servers.items()}
            settings.REGISTRIES = {"TIMEOUT": 10, "ENDPOINTS": endpoints}
            values = {"handover": "short", **columns(slug, family), **more}
            return Cloud(family, create(slug.partition("-")[0], **values), servers)

        yield make
