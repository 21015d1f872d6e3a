"""Every role tries everything; what happened is compared with the table."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from registries.models import Registry
from tests.canaries import refuse
from tests.factories import SAMPLES, create
from tests.fakes.server import FakeServer
from tests.permissions import ADMIN, API, ROLES, Deed, codenames
from tests.test_canaries import addresses

pytestmark = pytest.mark.django_db

ADMIN_ROOT, API_ROOT = "/backstage/registries/registry/", "/gateway/v1/"
DEEDS = [(ADMIN_ROOT, deed) for deed in ADMIN] + [(API_ROOT, deed) for deed in API]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(refuse) as running:
        yield running


@pytest.fixture
def rows(server: FakeServer) -> dict[str, Any]:
    """What paths and forms of the table are filled with: a row, a default row, an address."""
    own = create("custom", name="Own", url=server.origin, login="johndoe", handover="any")
    default = Registry.objects.get(kind="hub", is_default=True)
    for name, value in SAMPLES["hub"].items():
        setattr(default, name, value)
    default.save()
    owned = create("custom", name="Owned", url=server.origin, login="johndoe", source="team")
    return {
        "own": own.pk,
        "owned": owned.pk,
        "default": default.pk,
        "url": server.origin,
        "host": own.host,
    }


def signed_in(role: str) -> Client:
    client = Client(raise_request_exception=False)
    if (role_permissions := ROLES[role]) is None:
        return client
    is_staff, permissions = role_permissions
    user = User.objects.create_user(role, is_staff=is_staff, is_superuser=role == "superuser")
    if role != "superuser":
        chosen = Permission.objects.filter(codename__in=codenames(permissions))
        user.user_permissions.set(chosen)
    client.force_login(user)
    return client


def stored() -> list[tuple[Any, ...]]:
    return list(Registry.objects.order_by("pk").values_list("pk", "version", "name", "checked_at"))


def refused(response: Any) -> bool:
    to_sign_in = response.status_code == 302 and "/login/" in response["Location"]
    return to_sign_in or response.status_code in {401, 403, 405}


@pytest.mark.parametrize("role", ROLES)
def test_every_cell_of_the_table(role: str, rows: dict[str, Any], server: FakeServer) -> None:
    """#25, #29a: who may, can; who may not, changes nothing and makes no call."""
    client = signed_in(role)
    for root, deed in DEEDS:
        with transaction.atomic():
            _try(client, role, root, deed, rows, server)
            transaction.set_rollback(True)
        cache.clear()


def _try(
    client: Client,
    role: str,
    root: str,
    deed: Deed,
    rows: dict[str, Any],
    server: FakeServer,
) -> None:
    before, calls = stored(), len(server.requests)
    path = urljoin(root, deed.path.format(**rows))
    data = {name: value.format(**rows) for name, value in deed.data.items()}
    if deed.method == "POST":
        # The API takes ids as numbers.
        typed: dict[str, Any] = {
            name: int(value) if value.isdigit() else value for name, value in data.items()
        }
        is_api = root == API_ROOT
        response = client.post(path, *((typed, "application/json") if is_api else (data,)))
    else:
        # As a browser says that a page of this site leads there.
        response = client.generic(deed.method, path, headers={"sec-fetch-site": "same-origin"})
    b"".join(response)
    assert response.status_code < 500 or response.status_code in {502, 504}, deed.what
    effects = (stored() != before, len(server.requests) > calls)
    if role in deed.allowed():
        assert not refused(response), deed.what
        assert effects == (deed.changes, deed.calls), deed.what
    else:
        assert effects == (False, False), deed.what
        # Django leads back from a page or an action that does not fit, and says so there.
        assert refused(response) or response.status_code == 302 or "action" in deed.data, deed.what


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE"])
def test_no_address_changes_anything_but_by_post(
    method: str, rows: dict[str, Any], server: FakeServer
) -> None:
    """#25: every address of the site, found by walking its URL configuration."""
    client, before = signed_in("superuser"), stored()
    row = Registry.objects.get(pk=rows["own"])
    tried = [path for path in addresses(row) if client.generic(method, path).status_code < 500]
    assert len(tried) > 20
    assert stored() == before
    assert server.requests == []


def test_a_deactivated_account_may_nothing(rows: dict[str, Any]) -> None:
    """#29a: whatever it may have been allowed."""
    client = signed_in("superuser")
    assert client.get(ADMIN_ROOT).status_code == 200
    User.objects.update(is_active=False)
    for root, deed in DEEDS:
        if deed.method == "GET":
            assert refused(client.get(urljoin(root, deed.path.format(**rows))))
