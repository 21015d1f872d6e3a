"""API clients with different permissions, and a fake registry."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from registries.models import Registry
from tests import factories
from tests.api import fake

ROOT = "/gateway/v1/"


def addresses(row: Registry) -> list[str]:
    """All paths of the API, with the parameters that they need."""
    return [
        "registries/",
        f"registries/{row.pk}/",
        f"registries/{row.pk}/checks/",
        f"registries/{row.pk}/tags/?repository=acme/app",
        f"registries/{row.pk}/digest/?repository=acme/app&reference=latest",
        f"images/tags/?image={row.host or 'quay.io'}/acme/app",
        f"images/digest/?image={row.host or 'quay.io'}/acme/app",
        "kinds/",
        f"kinds/{row.kind}/",
        "resolve/?image=nginx",
        "handovers/",
    ]


# The same paths without parameters.
PATHS = (
    "registries/",
    "registries/{pk}/",
    "registries/{pk}/checks/",
    "registries/{pk}/tags/",
    "registries/{pk}/digest/",
    "images/tags/",
    "images/digest/",
    "kinds/",
    "kinds/custom/",
    "resolve/",
    "handovers/",
)


class Caller(Client):
    """A test client whose paths are relative to the API."""

    def generic(self, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        return super().generic(method, ROOT + path, *args, **kwargs)


def caller(name: str, *permissions: str, **flags: bool) -> Caller:
    """A signed-in client with these permissions."""
    user = User.objects.create_user(name, **flags)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Caller()
    client.force_login(user)
    return client


@pytest.fixture
def reader(db: None) -> Caller:
    return caller("reader", "view_registry", "query_registry", "view_handover")


@pytest.fixture
def registry() -> Iterator[fake.Registry]:
    with fake.Registry() as server:
        try:
            yield server
        finally:
            server.released.set()


@pytest.fixture
def row(registry: fake.Registry, db: None) -> Registry:
    """A row that signs in to the fake."""
    return factories.create("custom", url=registry.origin, login=fake.LOGIN, password=fake.PASSWORD)


@pytest.fixture
def get_json(reader: Caller) -> Callable[..., Any]:
    """Get a path as the reader; check the status and return the JSON."""

    def fetch(path: str, status: int = 200) -> Any:
        response = reader.get(path)
        assert response.status_code == status, (path, response.content)
        assert response["Content-Type"] == "application/json"
        return response.json()

    return fetch
