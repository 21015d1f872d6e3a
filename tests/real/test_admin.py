"""Real registries through the admin: what an operator types, and what Check then says."""

from html import unescape

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from registries.models import Registry
from tests.real.account import Account
from tests.real.conftest import Filled
from tests.real.rows import credentials
from tests.real.token_server import TokenServer

pytestmark = [pytest.mark.usefixtures("programs"), pytest.mark.django_db]

ACCEPTED = "The registry accepted these credentials."


def press_check(admin: Client, registry: Registry) -> tuple[str, str]:
    """The level and text of the message that the Check button brings; the page says it too."""
    check = reverse("admin:registries_registry_check", args=[registry.pk])
    # What was said of the saving is read on the row's page.
    admin.get(reverse("admin:registries_registry_change", args=[registry.pk]))
    answer = admin.post(check, follow=True)
    assert answer.status_code == 200
    (message,) = get_messages(answer.wsgi_request)
    registry.refresh_from_db()
    assert registry.last_check is not None
    assert registry.last_check.detail in unescape(answer.content.decode())
    return message.level_tag, str(message)


@pytest.mark.parametrize(
    ("name", "way", "level", "sentence"),
    [
        ("open_registry", "right", "warning", "The registry is open to everybody"),
        ("basic_registry", "right auth", "success", ACCEPTED),
        ("token_registry", "right", "success", ACCEPTED),
        ("token_registry", "wrong", "error", "The registry rejected these credentials."),
    ],
)
def test_add_and_check(
    name: str,
    way: str,
    level: str,
    sentence: str,
    request: pytest.FixtureRequest,
    admin_client: Client,
    account: Account,
    shared_token_server: TokenServer,
) -> None:
    filled: Filled = request.getfixturevalue(name)
    authurl = shared_token_server.origin if name == "token_registry" else ""
    typed = {"name": "real", "url": filled.origin + "/", "authurl": authurl}
    add = reverse("admin:registries_registry_add") + "?kind=custom"
    admin_client.post(add, typed | credentials(way, account))
    row, text = press_check(admin_client, Registry.objects.get(name="real"))
    assert row == level
    assert sentence in text
