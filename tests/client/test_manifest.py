"""Manifests: media types, and the platforms of an index."""

import json
from typing import Any

import pytest

from registries.client import manifests
from registries.client.errors import (
    Unreachable,
)
from tests.client.asking import manifest, serving
from tests.client.conftest import Serve
from tests.fakes.hosted import DockerHub
from tests.fakes.images import (
    DOCKER_LIST,
    INDEX,
    MANIFEST,
    PRIVATE,
    PUBLIC,
    Stored,
    image,
    index,
)
from tests.fakes.ledger import Ledger
from tests.fakes.server import Reply, Request

IMAGE = image("an image")
OTHER = "sha256:" + "0" * 64


def test_a_single_manifest_is_not_fetched() -> None:
    found, methods = manifest(serving(IMAGE))
    assert (found.digest, found.media_type, found.platforms) == (IMAGE.digest, MANIFEST, ())
    assert methods == ["HEAD"]


@pytest.mark.parametrize("media_type", [INDEX, DOCKER_LIST])
def test_an_index_is_fetched_by_its_digest(media_type: str) -> None:
    stored = index(media_type)
    asked = []

    def respond(request: Request) -> Reply:
        asked.append((request.method, request.path.rpartition("/")[2]))
        return serving(stored)(request)

    found, _ = manifest(respond)
    assert (found.digest, found.media_type) == (stored.digest, media_type)
    assert [(one.architecture, one.variant) for one in found.platforms] == [
        ("amd64", ""),
        ("arm64", "v8"),
    ]
    assert asked == [("HEAD", "latest"), ("GET", stored.digest)]


@pytest.mark.parametrize("head", [200, 405])
def test_the_header_goes_before_the_media_type_inside(head: int) -> None:
    found, _ = manifest(serving(Stored(DOCKER_LIST, index(INDEX).body), head=head))
    assert (found.media_type, len(found.platforms)) == (DOCKER_LIST, 2)


@pytest.mark.parametrize("served", ["", "application/json", "text/plain; charset=utf-8"])
def test_a_media_type_that_says_nothing_is_looked_up_inside(served: str) -> None:
    found, _ = manifest(serving(Stored(served, index().body)))
    assert (found.media_type, len(found.platforms)) == (INDEX, 2)
    found, _ = manifest(serving(Stored(served, IMAGE.body)))
    assert (found.media_type, found.platforms) == (MANIFEST, ())
    found, _ = manifest(serving(Stored(served, b'{"schemaVersion": 2}')))
    assert (found.media_type, found.platforms) == (served.partition(";")[0], ())


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ""),
        ("", ""),
        ("text/html; charset=utf-8", "text/html"),
        (" Application/VND.x+JSON ", "application/vnd.x+json"),
        (f"a/{'b' * 127}", f"a/{'b' * 127}"),
        (f"a/{'b' * 128}", ""),
        ("nothing", ""),
        ("<b>/x", ""),
        ("a/b/c", ""),
        ("a/b c", ""),
    ],
)
def test_what_a_media_type_is(header: str | None, expected: str) -> None:
    """#42: what is none by the grammar is nobody's."""
    assert manifests.media_type(header) == expected


def entries(*found: Any) -> Stored:
    return Stored(INDEX, json.dumps({"schemaVersion": 2, "manifests": found}).encode())


PLACE = {"os": "linux", "architecture": "amd64"}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        {},
        {"digest": OTHER},
        {"digest": OTHER, "platform": None},
        {"digest": OTHER, "platform": {}},
        {"digest": OTHER, "platform": {"os": 7, "architecture": []}},
        {"digest": OTHER, "platform": {"os": "<b>", "architecture": "amd64"}},
        {"digest": OTHER, "platform": {"os": "l" * 65, "architecture": "amd64"}},
        {"digest": OTHER, "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": "sha256:short", "platform": PLACE},
        {"digest": [OTHER], "platform": PLACE},
        {"platform": PLACE},
    ],
)
def test_entries_that_are_no_platforms_are_passed_over(entry: Any) -> None:
    """#42: what stands in an index is checked like any other word of a server."""
    found, _ = manifest(serving(entries(entry, {"digest": OTHER, "platform": PLACE})))
    assert [one.digest for one in found.platforms] == [OTHER]


@pytest.mark.parametrize(
    "stored",
    [
        Stored(INDEX, b'{"schemaVersion": 2}'),
        Stored(INDEX, b'{"schemaVersion": 2, "manifests": {}}'),
        entries(*[{"digest": OTHER, "platform": PLACE}] * 1001),
    ],
)
def test_an_index_that_cannot_be_read_is_refused(stored: Stored) -> None:
    error, _ = manifest(serving(stored))
    assert isinstance(error, Unreachable)
    assert error.code == "bad_answer"


def test_the_largest_index_that_is_read() -> None:
    found, _ = manifest(serving(entries(*[{"digest": OTHER, "platform": PLACE}] * 1000)))
    assert len(found.platforms) == 1000


def test_an_index_that_is_not_the_one_of_its_digest_is_refused() -> None:
    def respond(request: Request) -> Reply:
        return serving(index() if request.method == "HEAD" else entries())(request)

    error, _ = manifest(respond)
    assert isinstance(error, Unreachable)


# Docker Hub


def test_a_digest_is_no_pull_and_tells_how_many_are_left(serve: Serve) -> None:
    family = DockerHub(Ledger())
    world = serve(family)
    outcome = world.account(family, counts_pulls=True).check(PRIVATE, "v1")
    assert outcome.pulls is not None
    assert (outcome.pulls.remaining, outcome.pulls.limit) == (100, 100)
    assert family.pulls == 0
    world.account(family, counts_pulls=True).manifest(PUBLIC, "latest")
    assert family.pulls == 1


def test_no_limit_is_no_limit(serve: Serve) -> None:
    class Unlimited(DockerHub):
        def manifest_headers(self) -> dict[str, str]:
            return {}

    family = Unlimited(Ledger())
    assert serve(family).account(family, counts_pulls=True).check(PRIVATE, "v1").pulls is None


@pytest.mark.parametrize(
    ("size", "code"), [(4 * 1024 * 1024, ""), (4 * 1024 * 1024 + 1, "too_large")]
)
def test_a_manifest_that_is_too_long_is_not_read(size: int, code: str) -> None:
    """#41: four megabytes, as registries allow, and no more."""
    body = b'{"schemaVersion": 2}'.ljust(size)
    reply = Reply(200, body, {"Content-Type": MANIFEST})
    found, methods = manifest(lambda _: reply)
    assert getattr(found, "code", "") == code
    assert methods == ["HEAD", "GET"]
