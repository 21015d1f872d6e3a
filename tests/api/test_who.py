"""Who is answered, what they may do, and that the site's REST_FRAMEWORK changes none of it."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.authentication import SessionAuthentication

from registries.api.base import ReadOnlyView
from registries.models import Registry
from tests import forking
from tests.api.conftest import PATHS, Caller, addresses, caller

OTHER_METHODS = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "FROB")


@pytest.fixture
def strangers(db: None) -> dict[str, Caller]:
    """Everybody who may not read."""
    gone = caller("gone", "view_registry")
    User.objects.filter(username="gone").update(is_active=False)
    return {
        "nobody": Caller(),
        "without permission": caller("plain"),
        "staff without permission": caller("staff", is_staff=True),
        "with other permissions": caller("changer", "change_registry", "add_registry"),
        "deactivated": gone,
    }


@pytest.fixture
def readers(db: None) -> dict[str, Caller]:
    """Everybody who may."""
    chief = Caller()
    chief.force_login(User.objects.create_superuser("chief"))
    viewer = caller("viewer", "view_registry", "query_registry", "view_handover")
    return {"with permission": viewer, "superuser": chief}


def test_readers_are_answered(readers: dict[str, Caller], row: Registry) -> None:
    for who, client in readers.items():
        for path in addresses(row):
            assert client.get(path).status_code == 200, (who, path)


def test_nobody_else_is(strangers: dict[str, Caller], row: Registry, registry: Any) -> None:
    """#29a: role by address by method; nothing is told, and no registry is asked."""
    for who, client in strangers.items():
        for path in [*addresses(row), "registries/999999/", "nowhere/", ""]:
            for method in ("GET", "HEAD", "OPTIONS", *OTHER_METHODS):
                answer = client.generic(method, path)
                assert answer.status_code in {401, 403}, (who, method, path)
                assert row.name.encode() not in answer.content
    assert registry.requests == []


def test_to_make_the_site_call_a_registry_takes_both_permissions(
    row: Registry, registry: Any
) -> None:
    viewer = caller("viewer", "view_registry", "view_handover")
    asker = caller("asker", "query_registry")
    for path in addresses(row):
        outgoing = "/tags/" in path or "/digest/" in path
        answer = viewer.get(path)
        assert answer.status_code == (403 if outgoing else 200), path
        assert asker.get(path).status_code == 403, path
    assert registry.requests == []


def test_who_is_nobody_is_told_so(strangers: dict[str, Caller]) -> None:
    nobody = strangers["nobody"].get("kinds/")
    assert (nobody.status_code, nobody.json()["code"]) == (401, "not_authenticated")
    # What the site takes besides sessions: REST framework's default.
    assert nobody["WWW-Authenticate"] == 'Basic realm="api"'
    assert strangers["without permission"].get("kinds/").status_code == 403
    assert strangers["without permission"].get("kinds/").json()["code"] == "permission_denied"


def test_where_sessions_are_all_there_is_nobody_gets_401_as_well(
    strangers: dict[str, Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReadOnlyView, "authentication_classes", [SessionAuthentication])
    nobody = strangers["nobody"].get("kinds/")
    assert (nobody.status_code, nobody["WWW-Authenticate"]) == (401, "Session")


@pytest.mark.parametrize("path", PATHS)
def test_a_reader_only_reads(path: str, reader: Caller, row: Registry) -> None:
    before = Registry.objects.values().get(pk=row.pk)
    for method in OTHER_METHODS:
        answer = reader.generic(method, path.format(pk=row.pk), '{"name": "x"}', "application/json")
        assert answer.status_code == 405, method
        assert answer["Allow"] == "GET, HEAD, OPTIONS"
        assert answer.json()["code"] == "method_not_allowed"
        assert method not in answer.json()["detail"]
    assert Registry.objects.values().get(pk=row.pk) == before


def test_a_browser_without_a_csrf_token_is_told_405_as_well(reader: Caller) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = reader.cookies
    assert browser.get("/gateway/v1/kinds/").status_code == 200
    assert browser.post("/gateway/v1/kinds/").status_code == 405


@pytest.mark.parametrize("path", PATHS)
def test_options(path: str, reader: Caller, row: Registry, registry: Any) -> None:
    answer = reader.options(path.format(pk=row.pk))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Allow"] == "GET, HEAD, OPTIONS"
    assert registry.requests == []


def test_head(reader: Caller, row: Registry) -> None:
    for path in addresses(row):
        answer = reader.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer["Content-Type"] == "application/json"
    assert reader.head("registries/999999/").status_code == 404


@pytest.mark.parametrize("accepted", ["text/html", "application/xml", "*/*", "", "nonsense"])
def test_whatever_is_asked_for_the_answer_is_json(
    accepted: str, reader: Caller, settings: Any
) -> None:
    """#18: where the site has no browsable API, browsers get none here either."""
    settings.REST_FRAMEWORK = {
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]
    }
    for path in ("registries/", "nowhere/", "registries/?bad=1"):
        answer = reader.get(path, HTTP_ACCEPT=accepted)
        assert answer["Content-Type"] == "application/json"
        assert "Accept" not in answer["Vary"]
        assert answer.json()


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_where_the_site_allows_it_browsers_get_pages(reader: Caller, row: Registry) -> None:
    """#18: pages to read: they hold what the JSON holds, escaped, and neither form nor script."""
    Registry.objects.filter(pk=row.pk).update(name="<b>Lab")
    for path in [*addresses(row), "nowhere/", "registries/?bad=<i>"]:
        response, page = reader.get(path), reader.get(path, HTTP_ACCEPT=BROWSER)
        assert page.status_code == response.status_code
        assert page["Content-Type"] == "text/html; charset=utf-8"
        assert "Accept" in page["Vary"]
        assert "Accept" in response["Vary"]
        assert page["Cache-Control"] == response["Cache-Control"]
        text = page.content.decode()
        source = unescape(re.sub("<[^>]*>", "", text.partition("<pre tabindex")[2]))
        assert json.loads(source.split("\n\n", 2)[2]) == response.json()
        assert not re.search("<(form|input|button|script|style|b>Lab|i>)| (style|on[a-z]+)=", text)


@pytest.mark.parametrize("accepted", ["*/*", "", "application/json", f"application/json,{BROWSER}"])
def test_programs_get_json_there_as_well(accepted: str, reader: Caller) -> None:
    assert reader.get("registries/", HTTP_ACCEPT=accepted)["Content-Type"] == "application/json"


def test_a_page_is_for_who_may_read(strangers: dict[str, Caller], row: Registry) -> None:
    for client in strangers.values():
        answer = client.get("registries/", HTTP_ACCEPT=BROWSER)
        assert answer.status_code in {401, 403}
        assert row.name.encode() not in answer.content


def test_answers_are_private(reader: Caller) -> None:
    for path in ("registries/", "nowhere/"):
        assert reader.get(path)["Cache-Control"] == "private, no-cache"


def test_a_foreign_sites_defaults_change_nothing() -> None:
    """#59: a site whose REST_FRAMEWORK would turn everything around only says who somebody is.

    It wraps its requests in transactions, too: none is open while a registry is waited for.
    """
    returned, output = forking.run(["tests/api/foreign.py"], {})
    assert returned == 0, output
    seen = json.loads(output)
    statuses = {"operator": 200, "nobody": 401, "deactivated": 403, "lost": 404, "posting": 405}
    for who, status in (statuses | {"html": 200}).items():
        answer = seen[who]
        assert answer["status"] == status, who
        assert answer["type"] == "application/json", who
        assert answer["handled by the site"] is False, who
    assert seen["refused"]["status"] == 401
    assert (seen["operator"]["count"], seen["nobody"]["challenge"]) == (5, "Whisper")
    assert (seen["transaction elsewhere"], seen["transaction"]) == (True, False)
