"""The box "Which registry reads this image?" on the home page, the list and its own page."""

import json
from collections.abc import Iterator
from functools import partial
from threading import Event
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.settings import api_settings

from registries.models import Registry
from tests.api.conftest import ROOT
from tests.factories import create
from tests.fakes.images import PRIVATE
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import BasicRegistry
from tests.fakes.server import FakeServer, Reply, Request
from tests.screens import LIST, text_of, user_with

pytestmark = pytest.mark.django_db

IMAGE = LIST + "image/"
signed_in = partial(user_with, headers={"Sec-Fetch-Site": "same-origin"})
API = {"Docker-Distribution-Api-Version": "registry/2.0"}
HOST = BasicRegistry.origin.removeprefix("https://")


@pytest.fixture
def family(settings: Any) -> Iterator[BasicRegistry]:
    family = BasicRegistry(Ledger())
    with FakeServer(family.both) as server:
        settings.REGISTRIES = {"ENDPOINTS": {family.origin: server.origin}, "TIMEOUT": 3}
        yield family


@pytest.fixture
def row(family: BasicRegistry) -> Registry:
    login, password = family.right
    return create("custom", name="Lab", url=family.origin, login=login, password=password)


def test_it_stands_on_the_list() -> None:
    page = text_of(signed_in("view").get(LIST))
    assert f'method="get" action="{IMAGE}"' in page
    assert "Which registry reads this image?" in page


def test_it_names_the_row_and_says_why() -> None:
    team = create("hub", name="Team", prefix="docker.io/acme")
    page = text_of(signed_in("view").get(IMAGE, {"image": " https://docker.io/acme/app "}))
    assert f'href="{LIST}{team.pk}/change/">Team</a>' in page
    assert "The image's full name is docker.io/acme/app:latest" in page
    assert "“Team” comes before “Docker Hub”: its prefix is longer." in page
    assert "Show tags and digest" not in page, "this account may not have a registry asked"


def test_an_image_of_nobody() -> None:
    client = signed_in("view", "add")
    page = text_of(client.get(IMAGE, {"image": "nobody.example/app"}))
    assert "No registry of this site is for this image." in page
    assert f'href="{LIST}add/"' in page


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("", "Enter the image's name."),
        ("NOT AN IMAGE", "Enter a repository path in lower case"),
        ("https://ghcr.io", "This is the host of a registry. Enter an image on it."),
        ("a" * 3000, "This is too long for an image name. Shorten it."),
    ],
)
def test_what_is_no_image_is_an_error_at_the_field(image: str, sentence: str) -> None:
    answer = signed_in("view").get(IMAGE, {"image": image})
    assert sentence in answer.context["image_form"].errors["image"][0]
    assert sentence in text_of(answer)
    assert "reference" not in answer.context


def test_nothing_is_said_before_anything_was_asked() -> None:
    answer = signed_in("view").get(IMAGE)
    assert answer.context["image_form"].errors == {}


def test_tags_and_digest_are_asked_for_by_a_button(family: BasicRegistry, row: Registry) -> None:
    client = signed_in("view", "query")
    image = f"{HOST}/{PRIVATE}:latest"
    assert "Show tags and digest" in text_of(client.get(IMAGE, {"image": image}))
    page = text_of(client.get(IMAGE, {"image": image, "ask": "1"}))
    assert family.images[PRIVATE].tags["latest"].digest in page
    assert ">linux/arm64/v8</span>" in page
    assert "7 tags" in page
    assert f'<a href="?image={HOST}%2Facme%2Fprivate%3Av10&ask=1">v10</a>' in page


@pytest.mark.parametrize(
    ("image", "sentence", "has_tags"),
    [
        (f"{PRIVATE}:nope", "the repository has no such tag or digest", True),
        ("acme/absent", "the registry has no such repository", False),
    ],
)
@pytest.mark.usefixtures("row")
def test_what_the_registry_does_not_have_is_said(image: str, sentence: str, has_tags: bool) -> None:
    answer = signed_in("view", "query").get(IMAGE, {"image": f"{HOST}/{image}", "ask": "1"})
    assert sentence in text_of(answer)
    assert bool(answer.context.get("tags")) is has_tags


def test_a_registry_that_fails_is_one_sentence(family: BasicRegistry, row: Registry) -> None:
    row.password = family.wrong[1]
    row.save()
    answer = signed_in("view", "query").get(IMAGE, {"image": f"{HOST}/a/b", "ask": "1"})
    [error] = answer.context["errors"]
    assert error == (
        "The registry rejected these credentials. Enter them again, or create new ones."
    )


def test_a_list_without_end_is_not_waited_for(settings: Any) -> None:
    """Elsewhere each page of a list has TIMEOUT seconds, and all together LIST_TIMEOUT."""
    tick = Event()

    def endless(request: Request) -> Reply:
        if not request.path.endswith("/tags/list"):
            return Reply(404 if "manifests" in request.path else 200, b"{}", API)
        tick.wait(0.1)
        number = len(server.requests)
        body = json.dumps({"name": "a/b", "tags": [f"z{number}", f"a{number}"]}).encode()
        return Reply(200, body, API | {"Link": f'</v2/a/b/tags/list?last={number}>; rel="next"'})

    settings.REGISTRIES = {"TIMEOUT": 0.5, "LIST_TIMEOUT": 600}
    with FakeServer(endless) as server:
        row = create("custom", url=server.origin, login=None, password=None)
        image = {"image": f"{row.host}/a/b", "ask": "1"}
        answer = signed_in("view", "query").get(IMAGE, image)
    assert "did not send all pages of its list in time" in text_of(answer)
    assert len(server.requests) < 12


def test_no_page_of_another_site_has_a_registry_asked(row: Registry) -> None:
    """Browsers send the session's cookie along with a link there."""
    client = signed_in("view", "query")
    query = {"image": f"{HOST}/{PRIVATE}", "ask": "1"}
    for site, referer, is_asked in (
        ("cross-site", "", False),
        ("same-site", "", False),
        ("same-origin", "", True),
        # Over http, and by browsers of years ago, only the other header is sent.
        ("", "", False),
        ("", "http://testserver.example/", False),
        ("", "https://testserver/", False),
        ("", f"http://testserver{IMAGE}", True),
    ):
        headers = {"Sec-Fetch-Site": site, "Referer": referer}
        answer = client.get(IMAGE, query, headers=headers)
        assert bool(answer.context.get("is_asked")) is is_asked, headers
        assert answer.context["row"] == row, headers


def test_the_box_asks_as_often_as_the_api(
    family: BasicRegistry, row: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both count together."""
    cache.clear()
    rates = {"registries_outgoing": "2/min"}
    monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", rates, raising=False)
    client = signed_in("view", "query")
    image = f"{HOST}/{PRIVATE}:latest"
    assert client.get(f"{ROOT}images/digest/", {"image": image}).status_code == 200
    assert client.get(IMAGE, {"image": image, "ask": "1"}).context["errors"] == []
    answer = client.get(IMAGE, {"image": image, "ask": "1"})
    assert "You had registries asked very often. Ask again in" in text_of(answer)
    assert "tags" not in answer.context
    assert client.get(f"{ROOT}images/digest/", {"image": image}).status_code == 429
