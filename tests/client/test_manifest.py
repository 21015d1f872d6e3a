"""Manifests: media types, and the platforms of an index."""

import json
from typing import Any

import pytest

from registries.client import manifests
from tests.client.calls import Answer, call_client, manifest, serving
from tests.client.conftest import Serve
from tests.fakes.family import problem
from tests.fakes.hosted import DockerHub
from tests.fakes.images import DOCKER_LIST, INDEX, MANIFEST, PRIVATE, PUBLIC, Stored, image, index
from tests.fakes.server import Reply, Request

IMAGE, OTHER_IMAGE = image("an image"), image("another image")
OTHER = "sha256:" + "0" * 64


def test_a_single_manifest_is_not_fetched() -> None:
    result, methods = manifest(serving(IMAGE))
    assert (result.digest, result.media_type, result.platforms) == (IMAGE.digest, MANIFEST, ())
    assert methods == ["HEAD"]


@pytest.mark.parametrize("media_type", [INDEX, DOCKER_LIST])
def test_an_index_is_fetched_by_its_digest(media_type: str) -> None:
    stored = index(media_type)
    requests = []

    def respond(request: Request) -> Reply:
        requests.append((request.method, request.path.rpartition("/")[2]))
        return serving(stored)(request)

    result, _ = manifest(respond)
    assert (result.digest, result.media_type) == (stored.digest, media_type)
    assert [(one.architecture, one.variant) for one in result.platforms] == [
        ("amd64", ""),
        ("arm64", "v8"),
    ]
    assert requests == [("HEAD", "latest"), ("GET", stored.digest)]


@pytest.mark.parametrize("head", [200, 405])
def test_the_header_goes_before_the_media_type_inside(head: int) -> None:
    result, _ = manifest(serving(Stored(DOCKER_LIST, index(INDEX).body), head=head))
    assert (result.media_type, len(result.platforms)) == (DOCKER_LIST, 2)


@pytest.mark.parametrize("served", ["", "application/json", "text/plain; charset=utf-8"])
def test_a_media_type_that_says_nothing_is_looked_up_inside(served: str) -> None:
    result, _ = manifest(serving(Stored(served, index().body)))
    assert (result.media_type, len(result.platforms)) == (INDEX, 2)
    result, _ = manifest(serving(Stored(served, IMAGE.body)))
    assert (result.media_type, result.platforms) == (MANIFEST, ())
    result, _ = manifest(serving(Stored(served, b'{"schemaVersion": 2}')))
    assert (result.media_type, result.platforms) == (served.partition(";")[0], ())


@pytest.mark.parametrize("served", ["", "application/json"])
def test_a_media_type_that_nothing_names_is_told_from_the_shape(served: str) -> None:
    """OCI's `mediaType` is optional, and some registries serve all as JSON."""
    place = {"digest": OTHER, "platform": PLACE}
    result, _ = manifest(serving(Stored(served, entries(place).body)))
    assert (result.media_type, result.is_index, len(result.platforms)) == (INDEX, True, 1)
    single = Stored(served, json.dumps({"schemaVersion": 2, "config": {}, "layers": []}).encode())
    result, _ = manifest(serving(single))
    assert (result.media_type, result.is_index) == (MANIFEST, False)


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


def entries(*result: Any) -> Stored:
    return Stored(INDEX, json.dumps({"schemaVersion": 2, "manifests": result}).encode())


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
    result, _ = manifest(serving(entries(entry, {"digest": OTHER, "platform": PLACE})))
    assert [one.digest for one in result.platforms] == [OTHER]


@pytest.mark.parametrize(
    "stored",
    [
        Stored(INDEX, b'{"schemaVersion": 2}'),
        Stored(INDEX, b'{"schemaVersion": 2, "manifests": {}}'),
        entries(*[{"digest": OTHER, "platform": PLACE}] * 1001),
    ],
)
def test_an_index_that_cannot_be_read_is_refused(stored: Stored) -> None:
    assert manifest(serving(stored))[0] == "bad_answer"


def test_an_index_that_is_not_the_one_of_its_digest_is_refused() -> None:
    def respond(request: Request) -> Reply:
        return serving(index() if request.method == "HEAD" else entries())(request)

    assert manifest(respond)[0] == "bad_answer"


# One platform


def holding(*stored: Stored) -> Answer:
    """A registry whose tag `latest` is the first of these; the others have digests alone."""
    by_digest = {one.digest: one for one in stored}

    def respond(request: Request) -> Reply:
        version = request.path.rpartition("/")[2]
        one = stored[0] if version == "latest" else by_digest.get(version)
        return serving(one)(request) if one else problem(404, "MANIFEST_UNKNOWN")

    return respond


def of(platform: str, *stored: Stored) -> tuple[Any, list[str]]:
    """What is found for a platform, and the methods that it took."""
    return call_client(holding(*stored), lambda it: it.manifest("acme/app", "latest", platform))


def entry(stored: Stored, platform: dict[str, str] | None = None) -> dict[str, Any]:
    """What an index says of a manifest."""
    named = {"platform": platform} if platform else {}
    return {"mediaType": stored.media_type, "digest": stored.digest, "size": 1} | named


ARM64 = {"os": "linux", "architecture": "arm64"}
UNKNOWN = {"os": "unknown", "architecture": "unknown"}
ATTESTATION = image("an attestation")


def with_attestation(stored: Stored, platform: dict[str, str]) -> Stored:
    """What a build makes of an image: an index of it and of its attestation."""
    return entries(entry(stored, platform), entry(ATTESTATION, UNKNOWN))


def test_the_manifest_of_one_platform() -> None:
    top = entries(entry(OTHER_IMAGE, PLACE), entry(IMAGE, ARM64))
    result, methods = of("linux/arm64", top)
    assert (result.digest, result.media_type, result.is_index) == (IMAGE.digest, MANIFEST, False)
    assert [one.digest for one in result.platforms] == [IMAGE.digest]
    assert methods == ["HEAD", "GET"]


def test_what_is_no_index_is_answered_as_it_is() -> None:
    result, methods = of("linux/arm64", IMAGE)
    assert (result.digest, result.platforms, methods) == (IMAGE.digest, (), ["HEAD"])


@pytest.mark.parametrize(
    "top",
    [
        Stored(INDEX, b'{"schemaVersion": 2, "manifests": []}'),
        Stored("", b'{"schemaVersion": 2, "manifests": []}'),
        Stored("application/json", b'{"schemaVersion": 2, "manifests": [{}]}'),
        Stored("", b'{"schemaVersion": 2, "mediaType": "%b", "manifests": []}' % INDEX.encode()),
        # Go writes an empty list as null.
        Stored(INDEX, b'{"schemaVersion": 2, "manifests": null}'),
        entries(entry(IMAGE), entry(ATTESTATION, UNKNOWN)),
        Stored(DOCKER_LIST, entries(entry(IMAGE), entry(ATTESTATION, UNKNOWN)).body),
    ],
)
def test_an_index_without_platforms_has_none(top: Stored) -> None:
    """The media type says what an index is, not its entries: its own digest is no platform's."""
    assert of("linux/arm64", top)[0] == "platform_not_found"


def test_a_platform_of_an_index_in_an_index() -> None:
    """Builds with attestations that were put together.

    Source: https://github.com/CodesWhat/drydock/issues/814.
    """
    arm, amd = with_attestation(IMAGE, ARM64), with_attestation(OTHER_IMAGE, PLACE)
    top = entries(entry(amd, PLACE), entry(arm, ARM64))
    result, methods = of("linux/arm64", top, arm, amd)
    assert (result.digest, result.media_type) == (IMAGE.digest, MANIFEST)
    assert [(one.architecture, one.digest) for one in result.platforms] == [("arm64", IMAGE.digest)]
    assert methods == ["HEAD", "GET", "GET"]
    # Whoever asks for no platform is told what stands in the index.
    result, methods = manifest(holding(top))
    assert [one.digest for one in result.platforms] == [amd.digest, arm.digest]
    assert methods == ["HEAD", "GET"]


def test_a_manifest_of_the_platform_goes_before_an_index_of_it() -> None:
    inner = with_attestation(OTHER_IMAGE, ARM64)
    top = entries(entry(inner, ARM64), entry(IMAGE, ARM64))
    result, methods = of("linux/arm64", top, inner)
    assert (result.digest, methods) == (IMAGE.digest, ["HEAD", "GET"])


def test_an_index_that_names_no_platform_is_looked_into() -> None:
    empty, inner = entries(entry(OTHER_IMAGE, PLACE)), with_attestation(IMAGE, ARM64)
    result, methods = of("linux/arm64", entries(entry(empty), entry(inner)), empty, inner)
    assert (result.digest, methods) == (IMAGE.digest, ["HEAD", "GET", "GET", "GET"])
    none, _ = of("linux/riscv64", entries(entry(empty), entry(inner)), empty, inner)
    assert none == "platform_not_found"


def test_what_an_index_in_an_index_does_not_have() -> None:
    """Its entry says arm64, and inside is something else: nothing is guessed."""
    inner = with_attestation(OTHER_IMAGE, PLACE)
    assert of("linux/arm64", entries(entry(inner, ARM64)), inner)[0] == "platform_not_found"
    assert of("linux/arm64", entries(entry(inner, ARM64)))[0] == "tag_not_found"


@pytest.mark.parametrize(("depth", "found"), [(3, IMAGE.digest), (4, "too_large")])
def test_indexes_are_looked_into_so_deep(depth: int, found: str) -> None:
    """#41: a registry could go on for ever."""
    stored = [IMAGE]
    for _ in range(depth + 1):
        stored.append(entries(entry(stored[-1], ARM64)))
    result, _ = of("linux/arm64", *reversed(stored))
    assert getattr(result, "digest", result) == found


@pytest.mark.parametrize(("count", "code"), [(8, "platform_not_found"), (9, "too_large")])
def test_so_many_indexes_are_looked_into(count: int, code: str) -> None:
    """#41: nor does a registry decide how much is asked of it."""
    inner = [entries(entry(image(str(number)), PLACE)) for number in range(count)]
    result, methods = of("linux/arm64", entries(*map(entry, inner)), *inner)
    assert (result, len(methods)) == (code, 2 + 8)


@pytest.mark.parametrize(
    ("platform", "place"),
    [
        ("linux/x86_64", {"architecture": "amd64"}),
        ("linux/x86-64", {"architecture": "amd64", "variant": "v1"}),
        ("linux/amd64", {"os": "Linux", "architecture": "x86_64"}),
        ("linux/aarch64", {"architecture": "arm64"}),
        ("linux/arm64", {"architecture": "arm64", "variant": "8"}),
        ("linux/arm64/v8", {"architecture": "aarch64"}),
        ("linux/armhf", {"architecture": "arm"}),
        ("linux/armel", {"architecture": "arm", "variant": "v6"}),
        ("linux/arm/7", {"architecture": "arm", "variant": "v7"}),
        ("linux/i386", {"architecture": "386"}),
    ],
)
def test_a_platform_by_another_name(platform: str, place: dict[str, str]) -> None:
    """uname's and Debian's names are nobody else's; the platform was called missing before."""
    stored = entries({"digest": OTHER, "platform": {"os": "linux"} | place})
    assert of(platform, stored)[0].digest == OTHER


@pytest.mark.parametrize(
    "beside",
    [
        {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
        {"artifactType": "application/vnd.amazon.soci.index.v2+json"},
        {"mediaType": "application/vnd.example.layers+json"},
    ],
)
@pytest.mark.parametrize("own", [{}, {"artifactType": "application/vnd.oci.image.config.v1+json"}])
def test_an_image_comes_before_what_stands_beside_it(
    beside: dict[str, Any], own: dict[str, Any]
) -> None:
    """Both name its platform. What came first in the index was taken for the image before."""
    other = {"digest": f"sha256:{'b' * 64}", "platform": PLACE, "mediaType": MANIFEST} | beside
    stored = entries(other, {"digest": OTHER, "platform": PLACE, "mediaType": MANIFEST} | own)
    result, _ = of("linux/amd64", stored)
    assert (result.digest, result.media_type) == (OTHER, MANIFEST)


@pytest.mark.parametrize("platform", ["linux", "linux/", "linux/arm/v7/x", "", "Linux/arm64"])
def test_a_platform_that_is_none_is_not_asked_for(platform: str) -> None:
    assert of(platform, IMAGE) == ("invalid_reference", [])


# Docker Hub


def test_a_digest_is_no_pull_and_tells_how_many_are_left(serve: Serve) -> None:
    family, world = serve(DockerHub)
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

    family, world = serve(Unlimited)
    assert world.account(family, counts_pulls=True).check(PRIVATE, "v1").pulls is None


@pytest.mark.parametrize(
    ("size", "result"), [(4 * 1024 * 1024, MANIFEST), (4 * 1024 * 1024 + 1, "too_large")]
)
def test_a_manifest_that_is_too_long_is_not_read(size: int, result: str) -> None:
    """#41: four megabytes, as registries allow, and no more."""
    body = b'{"schemaVersion": 2}'.ljust(size)
    reply = Reply(200, body, {"Content-Type": MANIFEST})
    answer, methods = manifest(lambda _: reply)
    assert getattr(answer, "media_type", answer) == result
    assert methods == ["HEAD", "GET"]
