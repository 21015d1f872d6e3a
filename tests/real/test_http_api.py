"""Real registries through the HTTP API: tags and digests, as a program asks for them."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tests.real.account import Account
from tests.real.conftest import Filled
from tests.real.rows import credentials, row

pytestmark = [pytest.mark.usefixtures("programs"), pytest.mark.django_db]


@pytest.fixture
def reader() -> Client:
    """A user who may read registries and nothing else."""
    user = User.objects.create_user("reader")
    permissions = Permission.objects.filter(codename__in=["view_registry", "query_registry"])
    user.user_permissions.set(permissions)
    client = Client()
    client.force_login(user)
    return client


def test_the_resolved_registry_knows_the_image(
    reader: Client, basic_registry: Filled, account: Account
) -> None:
    row(basic_registry.origin, name="guest")
    registry = row(basic_registry.origin, name="account", **credentials("right", account))
    pushed = basic_registry.image
    host = basic_registry.origin.removeprefix("http://")
    image = f"{host}/{pushed.repository}:{pushed.tag}"
    resolved = reader.get(reverse("registries_api:resolve"), {"image": image}).json()
    assert resolved["registry"]["id"] == registry.pk
    reference = resolved["reference"]
    expected = {"repository": reference["repository"], "reference": reference["tag"]}
    digest = reverse("registries_api:registry-digest", args=[registry.pk])
    assert reader.get(digest, expected).json()["digest"] == pushed.digest
