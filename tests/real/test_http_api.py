"""Real registries through the HTTP API: tags and digests, as a program asks for them."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from registries.models import Registry
from tests.real.account import Account
from tests.real.conftest import Filled
from tests.real.push import Pushed
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


def get(reader: Client, what: str, registry: Registry, **query: str) -> tuple[int, dict[str, Any]]:
    """The status and JSON of the registry's `tags` or `digest`."""
    response = reader.get(reverse(f"registries_api:registry-{what}", args=[registry.pk]), query)
    return response.status_code, response.json()


def test_tags(reader: Client, readable: tuple[Registry, Filled]) -> None:
    registry, filled = readable
    repository = filled.image.repository
    expected = {"repository": repository, "tags": ["1.0"], "more": False}
    assert get(reader, "tags", registry, repository=repository) == (200, expected)
    status, body = get(reader, "tags", registry, repository="team/absent")
    assert (status, body["code"]) == (404, "repository_not_found")


@pytest.mark.parametrize("which", ["image", "index"])
def test_digest(reader: Client, readable: tuple[Registry, Filled], which: str) -> None:
    registry, filled = readable
    pushed: Pushed = getattr(filled, which)
    expected = {"repository": pushed.repository, "reference": pushed.tag}
    status, body = get(reader, "digest", registry, **expected)
    platforms = {
        (platform["os"], platform["architecture"], platform["variant"] or ""): platform["digest"]
        for platform in body.pop("platforms")
    }
    assert platforms == pushed.platforms
    assert body == expected | {"digest": pushed.digest, "media_type": pushed.media_type}
    assert status == 200
    status, body = get(reader, "digest", registry, repository=pushed.repository, reference="no")
    assert (status, body["code"]) == (404, "tag_not_found")


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
    assert get(reader, "digest", registry, **expected)[1]["digest"] == pushed.digest
