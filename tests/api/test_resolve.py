"""Which registry is an image's, and the sentences that say why."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registries.models import Registry
from registries.models.queryset import SECRETS
from registries.reference import Reference
from tests import factories

GetJson = Callable[..., Any]
DIGEST = "sha256:" + "a" * 64


def why(get_json: GetJson, image: str) -> list[str]:
    answer = get_json(f"resolve/?image={image}")
    chosen = Registry.objects.resolve(image)
    assert (answer["registry"] or {}).get("id") == (chosen.pk if chosen else None)
    assert answer["why"][0] == (
        f"The image's full name is {Reference.parse(image)};"
        f" its registry is {Reference.parse(image).host}."
    )
    reasons: list[str] = answer["why"][1:]
    return reasons


def test_an_image(get_json: GetJson) -> None:
    hub = Registry.objects.get(kind="hub")
    assert get_json("resolve/?image=nginx") == {
        "image": "nginx",
        "reference": {
            "host": "docker.io",
            "repository": "library/nginx",
            "tag": "latest",
            "digest": None,
        },
        "registry": {"id": hub.pk, "name": "Docker Hub", "kind": "hub", "state": "anonymous"},
        "why": [
            "The image's full name is docker.io/library/nginx:latest; its registry is docker.io.",
            "“Docker Hub” is for all images on docker.io, as every registry of its kind.",
            "No other registry is for this image.",
        ],
    }


@pytest.mark.parametrize("pasted", ["https://", "oci://", "docker://"])
def test_a_pasted_image(get_json: GetJson, pasted: str) -> None:
    """The scheme in front is understood; what is said of the image is without it."""
    plain = get_json("resolve/?image=ghcr.io/acme/app:1")
    answer = get_json(f"resolve/?image={pasted}ghcr.io/acme/app:1")
    assert answer == {**plain, "image": f"{pasted}ghcr.io/acme/app:1"}
    assert answer["registry"]["kind"] == "ghcr"


def test_an_id_is_no_image(get_json: GetJson) -> None:
    answer = get_json(f"resolve/?image={DIGEST}", 400)
    assert answer["fields"] == {"image": "This is the ID of an image. Enter the image's name."}


def test_only_what_says_so_is_read(get_json: GetJson) -> None:
    """Two queries, whichever reason decides; no column is fetched later, and no secret at all."""
    for number in range(20):
        factories.create("hub", name=f"Hub {number}", prefix="docker.io/acme" if number else "")
    with CaptureQueriesContext(connection) as captured:
        get_json("resolve/?image=acme/app")
        get_json("resolve/?image=other/app")
    queries = [query["sql"] for query in captured if "registries_registry" in query["sql"]]
    assert len(queries) == 4
    assert not [name for name in SECRETS if f'"{name}"' in "".join(queries)]


def test_tag_and_digest(get_json: GetJson) -> None:
    data = get_json(f"resolve/?image=ghcr.io/acme/app:1.0@{DIGEST}")
    assert data["reference"] == {
        "host": "ghcr.io",
        "repository": "acme/app",
        "tag": "1.0",
        "digest": DIGEST,
    }
    assert data["registry"]["kind"] == "ghcr"


@pytest.mark.parametrize(
    "image",
    ["unknown.example/app", "evilgcr.io/app", "gcr.io.evil.example/app", "localhost:5000/app"],
)
def test_nobody_answers(image: str, get_json: GetJson) -> None:
    assert get_json(f"resolve/?image={image}")["registry"] is None
    assert why(get_json, image) == ["No registry of this site is for this image."]


@pytest.mark.parametrize("image", ["", ":", "Nginx", "a//b", "a" * 64, "x" * 900, "https://x/y"])
def test_no_image(image: str, get_json: GetJson) -> None:
    """A scheme is understood where a host follows it; it was refused, as the grammar does."""
    answer = get_json(f"resolve/?image={image}", 400)
    assert (answer["code"], list(answer["fields"])) == ("invalid_parameter", ["image"])


def test_the_longest_prefix(get_json: GetJson) -> None:
    factories.create("ghcr", name="Acme", prefix="ghcr.io/acme")
    factories.create("ghcr", name="App", prefix="ghcr.io/acme/app", token=None, username=None)
    assert why(get_json, "ghcr.io/acme/app") == [
        "“App” is for images under ghcr.io/acme/app.",
        "3 registries are for this image.",
        "“App” comes before “Acme”: its prefix is longer.",
    ]
    assert why(get_json, "ghcr.io/acme/apple")[0] == "“Acme” is for images under ghcr.io/acme."
    assert why(get_json, "ghcr.io/acmes/app")[1] == "No other registry is for this image."


def test_credentials(get_json: GetJson) -> None:
    factories.create("hub", name="Team")
    assert why(get_json, "nginx")[1:] == [
        "2 registries are for this image.",
        "“Team” comes before “Docker Hub”: it has credentials.",
    ]


def test_no_default_row(get_json: GetJson) -> None:
    factories.create("hub", name="Second", login=None, password=None)
    assert why(get_json, "nginx")[2] == (
        "“Second” comes before “Docker Hub”: it is not a default registry."
    )


def test_the_oldest(get_json: GetJson) -> None:
    factories.create("custom", name="First")
    factories.create("custom", name="Second")
    assert why(get_json, "registry.example:5000/app") == [
        "“First” has an address on registry.example:5000.",
        "2 registries are for this image.",
        "“First” comes before “Second”: it is older.",
    ]


def test_many_are_not_all_counted(get_json: GetJson) -> None:
    for number in range(11):
        factories.create("custom", name=f"Lab {number:02}")
        said_so = why(get_json, "registry.example:5000/app")
        if number == 9:
            assert said_so[1] == "10 registries are for this image."
    assert said_so[1:] == [
        "More than 10 registries are for this image.",
        "“Lab 00” comes before “Lab 01”: it is older.",
    ]


def test_a_name_is_no_template(get_json: GetJson) -> None:
    factories.create("custom", name="100%(name)s %s")
    assert why(get_json, "registry.example:5000/app")[0].startswith(
        "“100%(name)s %s” has an address"
    )
