"""The OpenAPI document: complete, valid, and what the answers really are."""

import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from html import unescape
from typing import Any

import pytest
from django.conf import settings as django_settings
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from registries.api import errors, openapi
from registries.api.guide import CALLS
from registries.handover.refusals import REFUSALS
from registries.kinds import KINDS
from registries.models import Registry
from tests import factories
from tests.api.conftest import PATHS, Caller, addresses
from tests.api.test_parameters import TAKEN

GetJson = Callable[..., Any]


@pytest.fixture
def document(get_json: GetJson) -> dict[str, Any]:
    data: dict[str, Any] = get_json("schema/")
    return data


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate_schema(document)
    for shape in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(shape)


def test_it_is_made_without_a_warning() -> None:
    openapi._generated.cache_clear()
    stderr = io.StringIO()
    with redirect_stderr(stderr):
        openapi.document("/api")
    assert stderr.getvalue() == ""


def test_it_tells_where_the_api_is(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/gateway/v1"}]
    assert openapi.document("")["servers"] == [{"url": "/"}]


def test_every_address_is_in_it(document: dict[str, Any]) -> None:
    expected = {f"/{path}".replace("{pk}", "{id}").replace("custom", "{slug}") for path in PATHS}
    readable = {path for path, methods in document["paths"].items() if list(methods) == ["get"]}
    posted = {path for path, methods in document["paths"].items() if list(methods) == ["post"]}
    assert document["paths"].keys() == readable | posted
    assert (readable, posted) == (expected, {"/handover/"})


def test_every_parameter_is_in_it(document: dict[str, Any]) -> None:
    for path, names in TAKEN.items():
        address = f"/{path}".replace("{pk}", "{id}").replace("custom", "{slug}")
        operation = document["paths"][address]["get"]
        parameters = [
            parameter for parameter in operation.get("parameters", []) if parameter["in"] == "query"
        ]
        assert [parameter["name"] for parameter in parameters] == names.split()
        assert all(parameter["description"] and parameter["schema"] for parameter in parameters)


def test_every_status_is_in_it(document: dict[str, Any]) -> None:
    usual = {str(fault.status) for fault in errors.FAULTS if fault.status != 405}
    handover = document["paths"].pop("/handover/")["post"]["responses"]
    # There is no 404: operators in clusters read that as "delete the secret".
    assert handover.keys() == {"200", *usual, "409", "502", "504"} - {"404"}
    for path, methods in document["paths"].items():
        outgoing = {"502", "504"} if path.endswith(("/tags/", "/digest/")) else set()
        tagged = {"304"} if path.startswith(("/kinds/", "/registries/", "/handovers/")) else set()
        if outgoing or path.endswith("/checks/"):
            tagged = set()
        assert methods["get"]["responses"].keys() == {"200"} | tagged | usual | outgoing


def examples(answer: dict[str, Any], media_type: str = "application/json") -> list[Any]:
    named = answer["content"][media_type]["examples"].values()
    return [example["value"] for example in named]


def responses(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every answer: its path, status and description."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                yield path, status, answer


def test_every_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    for path, status, answer in responses(document):
        if status == "304":
            continue
        for media_type, content in answer["content"].items():
            shapes = examples(answer, media_type)
            assert shapes, (path, status)
            assert all(fits(document, content["schema"], item) for item in shapes), (path, status)


def test_every_code_of_an_error_is_in_it(document: dict[str, Any]) -> None:
    codes: dict[str, set[str]] = defaultdict(set)
    for _path, status, answer in responses(document):
        if status >= "400":
            codes[status] |= {example["code"] for example in examples(answer)}
    for fault in errors.FAULTS:
        assert fault.status == 405 or fault.code in codes[str(fault.status)]
    assert codes["400"] >= {"invalid_parameter", "unknown_parameter", "invalid_query"}
    assert set(REFUSALS) <= codes["403"] | codes["409"]
    # Whatever the client raises; what only a check says is left out.
    assert codes["504"] == {"timeout", "list_timeout"}
    assert codes["404"] >= {"repository_not_found", "tag_not_found", "no_registry"}
    assert codes["502"] >= {"rate_limited", "bad_credentials", "no_access_to_image", "tls"}
    assert not codes["502"] & {"signed_in", "public", "open_registry", "accepts_any_password"}
    own = document["paths"]["/registries/"]["get"]["responses"]
    assert {example["code"] for example in examples(own["404"])} == {"not_found"}


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
    variables = document["components"]["schemas"]["Registry"]["properties"]["variables"]
    plain, secret = variables["additionalProperties"]["anyOf"]
    assert plain == {"type": ["string", "null"]}
    assert (secret["properties"], secret["additionalProperties"]) == (
        {"set": {"type": "boolean"}},
        False,
    )


def fits(document: dict[str, Any], schema: dict[str, Any], answer: Any) -> bool:
    whole = {"components": document["components"], **schema}
    return Draft202012Validator(whole).is_valid(answer)


def schema_of(document: dict[str, Any], path: str) -> Any:
    """The schema of what an address answers."""
    answer = document["paths"][path]["get"]["responses"]["200"]
    return answer["content"]["application/json"]["schema"]


def test_answers_have_their_shapes(
    document: dict[str, Any], get_json: GetJson, row: Registry
) -> None:
    paths = [*zip(addresses(row), PATHS, strict=True)]
    for slug in KINDS:
        other = factories.create(slug)
        paths += [(f"registries/{other.pk}/", PATHS[1]), (f"kinds/{slug}/", "kinds/custom/")]
    for path, template in paths:
        address = f"/{template}".replace("{pk}", "{id}").replace("custom", "{slug}")
        schema = schema_of(document, address)
        answer = get_json(path)
        assert fits(document, schema, answer), path
        if isinstance(answer, dict):
            assert not fits(document, schema, {**answer, "surplus": 1}), path
            assert not fits(document, schema, dict(list(answer.items())[1:])), path


def test_errors_have_their_shape(
    document: dict[str, Any], get_json: GetJson, row: Registry
) -> None:
    tags = f"registries/{row.pk}/tags/"
    wrong = {
        "registries/?x=1": 400,
        "registries/?page=x": 400,
        "nowhere/": 404,
        f"{tags}?repository=acme/nothing": 404,
        f"{tags}?repository=acme/broken": 502,
    }
    schema = document["components"]["schemas"]["Error"]
    for path, status in wrong.items():
        assert fits(document, schema, get_json(path, status))
    assert not fits(document, schema, {"code": "x"})
    assert not fits(document, schema, {"code": "x", "detail": "y", "fields": "z"})


@pytest.mark.parametrize("path", ["schema/", "docs/"])
def test_only_readers_see_it(path: str, reader: Caller) -> None:
    assert reader.get(path).status_code == 200
    assert reader.get(f"{path}?format=yaml").json()["code"] == "unknown_parameter"
    assert Caller().get(path).status_code == 401
    assert reader.post(path).status_code == 405


@pytest.fixture
def links(reader: Caller, settings: Any) -> Callable[..., list[str]]:
    """What the page of the document loads and links to."""

    def read(*apps: str) -> list[str]:
        settings.INSTALLED_APPS = [*django_settings.INSTALLED_APPS, *apps]
        answer = reader.get("docs/")
        assert answer["Content-Type"] == "text/html; charset=utf-8"
        assert answer["Cache-Control"] == "private, no-cache"
        text = answer.content.decode()
        assert not re.search("<script>|<style| (style|on[a-z]+)=", text)
        return re.findall('(?:href|src|data-document)="([^"]*)"', text)

    return read


def test_the_page_reads_the_document(links: Callable[..., list[str]]) -> None:
    """It works offline and under a strict policy: no other host, nothing written into the page."""
    result = links("drf_spectacular_sidecar")
    assert [item for item in result if not item.startswith(("/", "#"))] == []
    for file in (
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css",
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
        "registries/api_docs.js",
    ):
        assert f"/assets/{file}" in result
    assert "/gateway/v1/schema/" in result


def test_without_swagger_ui_the_page_says_what_is_missing(links: Callable[..., list[str]]) -> None:
    result = links()
    assert [item for item in result if "swagger" in item or "api_docs.js" in item] == []
    assert "/gateway/v1/schema/" in result


def test_the_page_has_an_example_of_every_call(reader: Caller, document: Any) -> None:
    """Its sentences can be translated; those of the document are in English for programs."""
    summaries = {
        path: operation["summary"]
        for path, item in document["paths"].items()
        for operation in item.values()
    }
    assert {path: summary for path, (summary, *_example) in CALLS.items()} == summaries
    html = unescape(reader.get("docs/").content.decode())
    for path, (summary, example, *_body) in CALLS.items():
        shape = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        assert re.fullmatch(shape, example.partition("?")[0])
        assert f"<code>{path}</code></h2>\n<p>{summary}</p>" in html
        assert f'"http://testserver/gateway/v1{example}"</code>' in html
    assert html.count("Example answer") == len(CALLS)


def test_the_root_leads_to_the_page(reader: Caller) -> None:
    answer = reader.get("")
    assert (answer.status_code, answer["Location"]) == (302, "/gateway/v1/docs/")


@pytest.mark.parametrize("path", ["docs/", "registries/?verdict=valid", "images/tags/"])
def test_a_browser_without_a_session_is_led_to_sign_in(path: str, settings: Any, db: None) -> None:
    """Where the site has a page for it; programs, and tokens that are wrong, get 401."""
    browser = {"HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert Caller().get(path, **browser).status_code == 401, (
        "Django's own LOGIN_URL is no page here"
    )
    settings.LOGIN_URL = "admin:login"
    answer = Caller().get(path, **browser)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/backstage/login/?next=/gateway/v1/")
    assert Caller().get(path).status_code == 401
    assert Caller().post(path, **browser).status_code in {401, 405}
