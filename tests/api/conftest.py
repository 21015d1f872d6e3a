"""Callers of every sort, and a registry to ask."""

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
    """Every address of the API, each with what it needs."""
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


# The same without what they need, for tests that only want a place to knock.
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
    """A test client whose paths begin at the API."""

    def generic(self, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        return super().generic(method, ROOT + path, *args, **kwargs)


def caller(name: str, *permissions: str, **flags: bool) -> Caller:
    """Somebody who is signed in, with these permissions on registries."""
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
def said(reader: Caller) -> Callable[..., Any]:
    """What a reader is answered: the JSON, after its status was compared."""

    def ask(path: str, status: int = 200) -> Any:
        answer = reader.get(path)
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/json"
        return answer.json()

    return ask
