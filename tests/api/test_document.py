"""The OpenAPI document: complete, valid, and what the answers really are."""

import io
from collections import defaultdict
from collections.abc import Callable
from contextlib import redirect_stderr
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from registries.api import errors, openapi, shapes, urls
from registries.kinds import KINDS
from registries.models import Registry
from tests import factories
from tests.api.conftest import PATHS, Caller, addresses

Said = Callable[..., Any]


@pytest.fixture
def document(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = said("schema/")
    return found


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate_schema(document)
    for shape in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)


def test_it_is_made_without_a_warning() -> None:
    openapi._generated.cache_clear()
    said = io.StringIO()
    with redirect_stderr(said):
        openapi.document("/api")
    assert said.getvalue() == ""


def test_it_tells_where_the_api_is(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/gateway/v1"}]
    assert openapi.document("")["servers"] == [{"url": "/"}]


def test_every_address_is_in_it(document: dict[str, Any]) -> None:
    wanted = {f"/{path}".replace("{pk}", "{id}").replace("custom", "{slug}") for path in PATHS}
    assert document["paths"].keys() == wanted
    assert all(list(methods) == ["get"] for methods in document["paths"].values())


def test_every_parameter_is_in_it(document: dict[str, Any]) -> None:
    views = {each.callback.cls.__name__: each.callback.cls for each in urls.urlpatterns}
    for methods in document["paths"].values():
        operation = methods["get"]
        view = views[operation["operationId"]]
        told = [found for found in operation.get("parameters", []) if found["in"] == "query"]
        assert [found["name"] for found in told] == [taken.name for taken in view.parameters]
        assert all(found["description"] and found["schema"] for found in told)


def test_every_status_is_in_it(document: dict[str, Any]) -> None:
    usual = {str(fault.status) for fault in errors.FAULTS if fault.status != 405}
    for path, methods in document["paths"].items():
        outgoing = {"502", "504"} if path.endswith(("/tags/", "/digest/")) else set()
        tagged = {"304"} if path.startswith(("/kinds/", "/registries/")) else set()
        if outgoing or path.endswith("/checks/"):
            tagged = set()
        assert methods["get"]["responses"].keys() == {"200"} | tagged | usual | outgoing


def examples(answer: dict[str, Any]) -> list[Any]:
    shown = answer["content"]["application/json"]["examples"].values()
    return [example["value"] for example in shown]


def test_every_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for status, answer in methods["get"]["responses"].items():
            if status == "304":
                continue
            shape = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert examples(answer), (path, status)
            assert all(fits(document, shape, each) for each in examples(answer)), (path, status)


def test_every_code_of_an_error_is_in_it(document: dict[str, Any]) -> None:
    told: dict[str, set[str]] = defaultdict(set)
    for methods in document["paths"].values():
        for status, answer in methods["get"]["responses"].items():
            if status >= "400":
                told[status] |= {each["code"] for each in examples(answer)}
    for fault in errors.FAULTS:
        assert fault.status == 405 or fault.code in told[str(fault.status)]
    assert told["400"] >= {"invalid_parameter", "unknown_parameter", "invalid_query"}
    # Whatever the client raises; what only a check says is left out.
    assert told["504"] == {"timeout"}
    assert told["404"] >= {"repository_not_found", "tag_not_found", "no_registry"}
    assert told["502"] >= {"rate_limited", "bad_credentials", "no_access_to_image", "tls"}
    assert not told["502"] & {"signed_in", "public", "open_registry", "accepts_any_password"}
    own = document["paths"]["/registries/"]["get"]["responses"]
    assert {each["code"] for each in examples(own["404"])} == {"not_found"}


def test_headers_are_in_it(document: dict[str, Any]) -> None:
    one = document["paths"]["/registries/{id}/"]["get"]["responses"]
    tags = document["paths"]["/registries/{id}/tags/"]["get"]["responses"]
    assert "ETag" in one["200"]["headers"]
    assert "ETag" in one["304"]["headers"]
    assert "headers" not in tags["200"]
    assert "WWW-Authenticate" in one["401"]["headers"]
    for answer in (one["429"], tags["429"], tags["502"]):
        assert "Retry-After" in answer["headers"]


def test_no_secret_can_be_read_from_it(document: dict[str, Any]) -> None:
    """#29b: a secret is a flag, and no example is more than an example."""
    assert document["components"]["schemas"]["Secret"]["properties"] == {"set": {"type": "boolean"}}


def fits(document: dict[str, Any], shape: str, answer: Any) -> bool:
    schema = {"components": document["components"], **shapes.ref(shape)}
    return Draft202012Validator(schema).is_valid(answer)


@pytest.mark.parametrize("slug", KINDS)
def test_answers_have_their_shapes(
    slug: str, document: dict[str, Any], said: Said, row: Registry
) -> None:
    other = factories.create(slug)
    wanted = ["Registries", "Registry", "Checks", "Tags", "Digest", "ImageTags", "ImageDigest"]
    wanted += ["Kinds", "Kind", "Resolved"]
    paths = addresses(row)
    paths[1], paths[8] = f"registries/{other.pk}/", f"kinds/{slug}/"
    for path, shape in zip(paths, wanted, strict=True):
        answer = said(path)
        assert fits(document, shape, answer)
        if isinstance(answer, dict):
            assert not fits(document, shape, {**answer, "surplus": 1})
            assert not fits(document, shape, dict(list(answer.items())[1:]))


def test_errors_have_their_shape(document: dict[str, Any], said: Said, row: Registry) -> None:
    tags = f"registries/{row.pk}/tags/"
    wrong = {
        "registries/?x=1": 400,
        "registries/?page=x": 400,
        "nowhere/": 404,
        f"{tags}?repository=acme/nothing": 404,
        f"{tags}?repository=acme/broken": 502,
    }
    for path, status in wrong.items():
        assert fits(document, "Error", said(path, status))
    assert not fits(document, "Error", {"code": "x"})
    assert not fits(document, "Error", {"code": "x", "detail": "y", "fields": "z"})


@pytest.mark.parametrize("path", ["schema/", "docs/"])
def test_only_readers_see_it(path: str, reader: Caller) -> None:
    assert reader.get(path).status_code == 200
    assert reader.get(f"{path}?format=yaml").json()["code"] == "unknown_parameter"
    assert Caller().get(path).status_code == 401
    assert reader.post(path).status_code == 405


class Page(HTMLParser):
    """The ids and addresses on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")


def test_the_page_tells_all_of_it(reader: Client, document: dict[str, Any]) -> None:
    answer = reader.get("docs/")
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    text = answer.content.decode()
    page = Page(text)
    operations = [methods["get"]["operationId"] for methods in document["paths"].values()]
    components = [f"/components/schemas/{name}" for name in document["components"]["schemas"]]
    assert page.ids == operations + components
    assert all(f"GET {path}" in text for path in document["paths"])
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert {"#/components/schemas/Error", "../schema/"} <= set(page.links)
    assert "<code>platform_not_found</code>" in text
    assert "integer, at most 500" in text
    assert "99999" not in text.partition("<h2>Shapes")[0]
    assert "`" not in text.partition("<h2>Shapes")[0]
    assert "&quot;johndoe&quot;" in text


def test_the_page_needs_nothing_from_elsewhere(reader: Client) -> None:
    """It works offline: no address of another host, no script."""
    text = reader.get("docs/").content.decode()
    links = Page(text).links
    assert not [link for link in links if "//" in link]
    assert "/assets/registries/favicon.svg" in links
    assert "<script" not in text
