"""Rows that a file owns, in the admin: who changes them, what their pages say, and Release."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from registries.admin.deleting import deletion
from registries.models import ChangedMeanwhile, Registry, SourceChange
from tests.factories import create
from tests.screens import LIST, page, text_of, user_with

pytestmark = pytest.mark.django_db

OWNS = "The file “team” owns “Builds”: change it there, or release it first."


@pytest.fixture
def row() -> Registry:
    return create("hub", name="Builds", source="team", applied={"key": "x", "fields": {}})


@pytest.fixture
def default() -> Registry:
    row = Registry.objects.get(kind="hub", is_default=True)
    row.source, row.prefix = "team", "docker.io/acme"
    row.save()
    return row


def text(response: Any) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", text_of(response)).split())


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_its_page_names_the_file_and_offers_no_form(admin_client: Client, row: Registry) -> None:
    answer = admin_client.get(page(row))
    content = text_of(answer)
    assert OWNS in text(answer)
    for words in ('name="login"', 'name="_save"', page(row, "delete")):
        assert words not in content
    for verb in ("check", "release"):
        assert page(row, verb) in content


def test_the_list_shows_whose_it_is(admin_client: Client, row: Registry, default: Registry) -> None:
    content = text_of(admin_client.get(LIST))
    assert content.count("File: team") == 2
    assert page(row, "delete") not in content
    assert page(default, "reset") not in content


@pytest.mark.parametrize("verb", ["reset", "delete"])
def test_nothing_resets_or_deletes_it(
    admin_client: Client, row: Registry, default: Registry, verb: str
) -> None:
    """Neither its own page, nor the list's action, which says why."""
    target = default if verb == "reset" else row
    why = OWNS.replace("Builds", target.name)
    data = {"action": f"{verb}_selected", "_selected_action": str(target.pk)}
    asked = admin_client.post(LIST, data)
    assert why in text(asked)
    for path in (page(target, verb), LIST):
        assert why in messages(admin_client.post(path, {**data, "post": "yes"}, follow=True))
    target.refresh_from_db()
    assert (target.source, bool(target.prefix or target.password)) == ("team", True)


@pytest.mark.parametrize("path", ["", "{0}/delete/"])
def test_a_row_that_a_file_adopts_meanwhile_is_not_deleted(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Between the look at whose it is, and the deletion; the others of the list are deleted."""
    rows = [create("hub", name=name) for name in ("Builds", "Other")]

    def adopted(*arguments: Any) -> Any:
        found = deletion(*arguments)
        Registry.objects.filter(pk=rows[0].pk).update(source="team")
        return found

    monkeypatch.setattr("registries.admin.actions.deletion", adopted)
    sent = {"action": "delete_selected", "_selected_action": [row.pk for row in rows]}
    address = LIST + path.format(rows[0].pk)
    answer = admin_client.post(address, {**sent, "post": "yes"}, follow=True)
    assert messages(answer) == [OWNS, *([] if path else ["Deleted 1 registry."])]
    left = Registry.objects.filter(is_default=False).order_by("pk")
    assert [row.name for row in left] == (["Builds", "Other"] if path else ["Builds"])
    assert LogEntry.objects.count() == len(rows) - len(left)


def test_release_is_in_the_history(admin_client: Client, row: Registry) -> None:
    address = page(row, "release")
    assert "Take the registry out of the file as well." in text(admin_client.get(address))
    row.refresh_from_db()
    assert row.source == "team", "it asks first"
    answer = admin_client.post(address, follow=True)
    assert messages(answer) == ["The file “team” no longer owns “Builds”."]
    assert 'name="_save"' in text_of(answer)
    row.refresh_from_db()
    assert (row.source, row.applied) == ("", None)
    assert LogEntry.objects.get().user.username == "admin"
    assert "Owned by file: team →" in text(admin_client.get(page(row, "history")))
    assert messages(admin_client.get(address, follow=True)) == ["No file owns “Builds”."]


def test_release_of_a_row_that_changed_meanwhile(
    admin_client: Client, row: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(row: Registry) -> None:
        raise ChangedMeanwhile

    monkeypatch.setattr("registries.services.release", fail)
    [message] = messages(admin_client.post(page(row, "release"), follow=True))
    assert message == "“Builds” was changed meanwhile. Review it, then release it again."


def test_release_takes_its_permission(row: Registry) -> None:
    """Whoever may change rows may not release one, and is offered nothing."""
    client = user_with("view", "change", "delete")
    assert "/release/" not in text_of(client.get(page(row)))
    assert client.post(page(row, "release")).status_code == 403


def test_what_files_changed_is_in_the_history(admin_client: Client, row: Registry) -> None:
    for action, fields in (("created", "login,password,prefix"), ("adopted", "")):
        SourceChange.objects.create(
            registry=row, registry_name=row.name, source="team", action=action, fields=fields
        )
    said = text(admin_client.get(page(row, "history")))
    assert "team Added: Login, Access token or password, Only for images under" in said
    assert "team Adopted" in said
