"""The API on the site: errors in JSON wherever they come from."""

from collections.abc import Iterator

import pytest

from tests.site.conftest import Site, Visitor

HTTPS = {"X_Forwarded_Proto": "https"}
HANDLED = """
import json, logging
from django.core.exceptions import SuspiciousOperation
from django.http import Http404
from django.test import RequestFactory
from django.urls import get_resolver
for path in ("/api/x", "/x"):
    for status, raised in ((400, [SuspiciousOperation()]), (404, [Http404()]), (500, [])):
        handler = get_resolver().resolve_error_handler(status)
        answer = handler(RequestFactory().get(path), *raised)
        print(path, answer.status_code, answer["Content-Type"])
        if path.startswith("/api"):
            print(sorted(json.loads(answer.content)))
"""


@pytest.fixture(scope="module")
def visitor(migrated: Site) -> Iterator[Visitor]:
    with migrated.served(DJANGO_BEHIND_PROXY="1") as visitor:
        yield visitor


def test_a_strange_host(visitor: Visitor) -> None:
    answer = visitor.see("/api/kinds/", Host="evil.example", **HTTPS)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert visitor.see("/", Host="evil.example", **HTTPS).text.startswith("<")


def test_more_slashes_than_one(visitor: Visitor) -> None:
    """No address of the API, and no page either."""
    answer = visitor.see("//api/kinds/", Host="localhost", **HTTPS)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_who_is_nobody(visitor: Visitor) -> None:
    for path in ("registries/", "nowhere/", "docs/", ""):
        answer = visitor.see(f"/api/{path}", Host="localhost", **HTTPS)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_no_other_site_may_read_it(visitor: Visitor) -> None:
    """Without CORS headers a browser keeps answers from other sites' scripts."""
    for method in ("GET", "OPTIONS"):
        answer = visitor.request(
            method,
            f"{visitor.origin}/api/kinds/",
            headers={
                "Origin": "https://evil.example",
                "Host": "localhost",
                "X-Forwarded-Proto": "https",
            },
            timeout=30,
        )
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_what_fails_outside_of_views(migrated: Site) -> None:
    lines = migrated.shell(HANDLED).splitlines()
    json, page = "application/json", "text/html; charset=utf-8"
    assert [line for line in lines if line.startswith("/api")] == [
        f"/api/x {status} {json}" for status in (400, 404, 500)
    ]
    assert [line for line in lines if line.startswith("/x")] == [
        f"/x {status} {page}" for status in (400, 404, 500)
    ]
    assert lines.count("['code', 'detail']") == 3


def test_a_database_without_tables(site: Site) -> None:
    with site.served(DJANGO_BEHIND_PROXY="1") as visitor:
        answer = visitor.see("/api/kinds/", Host="localhost", Authorization="Bearer x", **HTTPS)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
