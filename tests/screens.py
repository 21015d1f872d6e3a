"""The admin's pages of registries: their addresses, their texts, and who sees them."""

from html import unescape
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from registries.models import Registry

LIST = "/backstage/registries/registry/"
ADD = f"{LIST}add/"


def page(row: Registry, name: str = "change") -> str:
    """The address of a row's page."""
    return f"{LIST}{row.pk}/{name}/"


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def default(slug: str) -> Registry:
    """The default row of a kind."""
    return Registry.objects.get(kind=slug, is_default=True)


def user_with(
    *verbs: str, name: str = "robin", headers: dict[str, str] | None = None, **flags: bool
) -> Client:
    """A client signed in as somebody who may do this with registries."""
    user = User.objects.create_user(name, is_staff=True, **flags)
    names = [f"{verb}_registry" for verb in verbs]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client(headers=headers)
    client.force_login(user)
    return client
