"""The page that asks before registries are reset or deleted."""

from typing import Any

import pytest
from django.test import Client

from registries.models import Registry
from tests.browser.samples import past
from tests.factories import create
from tests.screens import LIST, default, page, text_of

pytestmark = pytest.mark.django_db

SEARCH = "_changelist_filters=q%3Dlab%26verdict%3Dattention"


@pytest.fixture
def changed() -> Registry:
    """A default row with credentials."""
    row = default("hub")
    row.login, row.password = "johndoe", "fake-password"
    row.save()
    return row


@pytest.mark.parametrize("action", ["reset", "delete"])
def test_cancel_leads_back_to_the_same_search(
    admin_client: Client, changed: Registry, action: str
) -> None:
    row = changed if action == "reset" else create("custom", name="Lab")
    cancel = f'<a href="{LIST}?q=lab&verdict=attention" class="reg-btn cancel-link">'
    assert cancel in text_of(admin_client.get(f"{page(row, action)}?{SEARCH}"))
    chosen = {"action": f"{action}_selected", "_selected_action": [row.pk]}
    past(row, ["tls"])
    row.refresh_from_db()
    answer = admin_client.post(f"{LIST}?verdict=attention", chosen)
    assert f'<a href="{LIST}?verdict=attention" class="reg-btn cancel-link">' in text_of(answer)


def test_it_names_the_row_and_says_what_goes_in_the_words_of_the_form(admin_client: Client) -> None:
    row = create("custom", name="Lab", prefix="registry.example:5000/team", verify_tls=False)
    past(row, ["tls", "signed_in"])
    html = text_of(admin_client.get(page(row, "delete")))
    assert "<h1>Delete “Lab”?</h1>" in html
    assert f'<a href="{page(row, "change")}">Lab</a>' in html
    for words in (
        "Address",
        "Password or access token <span>secret, set since",
        "Only for images under <span>registry.example:5000/team</span>",
        "TLS not verified",
        "2 past checks",
    ):
        assert f"<dd>{words}" in html, words
    assert "verify_tls" not in html
    assert html.count("The site's log keeps") == 1


def test_what_is_kept_is_said_once(admin_client: Client, changed: Registry) -> None:
    other = default("ghcr")
    other.username, other.token = "johndoe", "fake-token"
    other.save()
    past(other, ["signed_in"])
    chosen = {"action": "reset_selected", "_selected_action": [changed.pk, other.pk]}
    html = text_of(admin_client.post(LIST, chosen))
    assert "<h1>Reset 2 registries?</h1>" in html
    assert html.count("history are kept") == 1
    assert html.count("<dd>Last check</dd>") == 1


def test_of_a_row_without_credentials_none_are_told_of(admin_client: Client) -> None:
    row = create("custom", name="Open", login=None, password=None)
    html = text_of(admin_client.get(page(row, "delete")))
    assert "This cannot be undone." in html
    assert "Revoke them" not in html


@pytest.mark.parametrize("code", [None, "public"])
def test_an_untouched_default_row_has_nothing_to_reset(
    admin_client: Client, changed: Registry, code: str | None
) -> None:
    row = default("ghcr")
    past(row, [code] if code else ["public"])
    if code is None:
        Registry.objects.filter(pk=row.pk).update(checked_at=None, check_verdict="")
    before = Registry.objects.filter(pk=row.pk).values().get()
    for html in (admin_client.get(LIST), admin_client.get(page(row, "change"))):
        assert page(row, "reset") not in text_of(html)
    assert page(changed, "reset") in text_of(admin_client.get(LIST))
    assert page(changed, "reset") in text_of(admin_client.get(page(changed, "change")))
    for method in (admin_client.get, admin_client.post):
        answer = method(page(row, "reset"), follow=True)
        assert "there is nothing to reset" in text_of(answer)
    chosen = {"action": "reset_selected", "_selected_action": [row.pk, changed.pk]}
    html = text_of(admin_client.post(LIST, chosen))
    assert "<h1>Reset 1 registry?</h1>" in html
    assert "there is nothing to reset" in html
    admin_client.post(LIST, {**chosen, "post": "yes"})
    assert Registry.objects.filter(pk=row.pk).values().get() == before
    assert Registry.objects.get(pk=changed.pk).state == "anonymous"


@pytest.mark.parametrize(
    "change", [{"prefix": "ghcr.io/acme"}, {"verify_tls": False}, {"handover": "any"}]
)
def test_anything_that_was_changed_can_be_reset(
    admin_client: Client, change: dict[str, Any]
) -> None:
    row = default("ghcr")
    for name, value in change.items():
        setattr(row, name, value)
    row.save()
    assert page(row, "reset") in text_of(admin_client.get(LIST))
    assert "<h1>Reset “" in text_of(admin_client.get(page(row, "reset")))
