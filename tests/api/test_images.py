"""Tags and digests by image: resolved first, then asked; and what narrows both."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from registries.models import Registry
from tests import factories
from tests.api import fake
from tests.fakes.lists import Lists
from tests.fakes.server import FakeServer
from tests.screens import default

GetJson = Callable[..., Any]
ARM64, ARM_V6, ARM_V7, ARM_V8 = ("sha256:" + letter * 64 for letter in "cdef")


def chosen(row: Registry) -> dict[str, Any]:
    return {"id": row.pk, "name": row.name, "kind": "custom", "state": "authenticated"}


@pytest.fixture
def image(row: Registry) -> str:
    return f"{row.host}/acme/app"


def test_tags(image: str, get_json: GetJson, row: Registry) -> None:
    for suffix in ("", ":one"):
        assert get_json(f"images/tags/?image={image}{suffix}") == {
            "image": image + suffix,
            "registry": chosen(row),
            "repository": "acme/app",
            "tags": ["latest", "one"],
            "more": False,
        }


def test_digest(image: str, get_json: GetJson, row: Registry) -> None:
    assert get_json(f"images/digest/?image={image}:one") == {
        "image": f"{image}:one",
        "registry": chosen(row),
        "repository": "acme/app",
        "reference": "one",
        "digest": fake.digest_of("one"),
        "media_type": "application/vnd.oci.image.manifest.v1+json",
        "platforms": [],
    }


def test_without_a_tag_it_is_the_latest(image: str, get_json: GetJson) -> None:
    data = get_json(f"images/digest/?image={image}")
    assert (data["reference"], data["digest"]) == ("latest", fake.digest_of("latest"))


def test_a_digest_counts_before_a_tag(image: str, get_json: GetJson) -> None:
    digest = fake.digest_of("latest")
    assert get_json(f"images/digest/?image={image}:one@{digest}")["reference"] == digest


@pytest.mark.parametrize("what", ["tags", "digest"])
def test_the_row_is_the_one_that_resolves(
    what: str, image: str, get_json: GetJson, row: Registry, registry: Any
) -> None:
    narrow = factories.create(
        "custom", url=row.url, prefix=f"{row.host}/acme/app", login="johndoe", password="wrong"
    )
    assert get_json(f"images/{what}/?image={image}", 502)["code"] == "bad_credentials"
    narrow.delete()
    assert get_json(f"images/{what}/?image={image}")["registry"]["id"] == row.pk


@pytest.mark.parametrize("what", ["tags", "digest"])
def test_nobody_answers(what: str, get_json: GetJson, row: Registry, registry: Any) -> None:
    answer = get_json(f"images/{what}/?image=nowhere.example/app", 404)
    assert answer["code"] == "no_registry"
    assert registry.requests == []


def test_the_images_own_host_is_asked(get_json: GetJson, registry: Any, settings: Any) -> None:
    """A row may answer for many hosts: an Azure row for every login server."""
    factories.create("acr", url=None, name="Any")
    settings.REGISTRIES = {"ENDPOINTS": {"https://acme.azurecr.io": registry.origin}}
    for what in ("tags", "digest"):
        get_json(f"images/{what}/?image=acme.azurecr.io/app", 502)
    assert registry.requests
    count = len(registry.requests)
    get_json("images/tags/?image=other.azurecr.cn/app", 502)
    assert len(registry.requests) == count


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("ghcr", "Check this site's network and firewall."),
        ("quay", "Check this site's network and firewall."),
        ("custom", "Check the port, and that the registry is running."),
    ],
)
def test_who_typed_no_address_is_not_told_to_check_it(
    kind: str, advice: str, get_json: GetJson, settings: Any
) -> None:
    row = factories.create(kind, url="https://lab.example") if kind == "custom" else default(kind)
    host = row.host or row.declaration.home({})
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        settings.REGISTRIES = {"ENDPOINTS": {f"https://{host}": nobody}}
        answer = get_json(f"images/digest/?image={host}/acme/app", 502)
    assert answer == {"code": "refused", "detail": f"{host} refused the connection. {advice}"}


# Of one platform


@pytest.fixture
def platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tag `many`, whose platforms differ in their variants."""
    rows = [
        ("linux", "arm64", "", ARM64),
        ("linux", "arm", "v6", ARM_V6),
        ("linux", "arm", "v7", ARM_V7),
        ("linux", "arm", "v8", ARM_V8),
    ]
    monkeypatch.setitem(fake.MANIFESTS, "many", (f"{fake.OCI}index.v1+json", fake.index(rows)))


@pytest.mark.parametrize(
    ("platform", "digest"),
    [
        ("linux/arm64", ARM64),
        ("linux/arm64/v8", ARM64),
        ("linux/arm", ARM_V7),
        ("linux/arm/v6", ARM_V6),
        ("linux/arm/v8", ARM_V8),
    ],
)
@pytest.mark.usefixtures("platforms")
def test_one_platform(
    platform: str, digest: str, image: str, get_json: GetJson, row: Registry, registry: Any
) -> None:
    for path in (
        f"images/digest/?image={image}:many&platform={platform}",
        f"registries/{row.pk}/digest/?repository=acme/app&reference=many&platform={platform}",
    ):
        data = get_json(path)
        assert (data["digest"], data["media_type"]) == (digest, f"{fake.OCI}manifest.v1+json")
        assert [item["digest"] for item in data["platforms"]] == [digest]


@pytest.mark.parametrize(
    "platform", ["linux/amd64", "windows/arm64", "linux/arm64/v9", "linux/arm/v5"]
)
@pytest.mark.usefixtures("platforms")
def test_a_platform_that_is_not_there(platform: str, image: str, get_json: GetJson) -> None:
    answer = get_json(f"images/digest/?image={image}:many&platform={platform}", 404)
    assert answer["code"] == "platform_not_found"


@pytest.mark.parametrize("entries", ["[]", f'[{{"digest": "{ARM64}"}}]'])
@pytest.mark.parametrize("media_type", [f"{fake.OCI}index.v1+json", "application/json"])
def test_an_index_of_which_no_entry_names_a_platform(
    entries: str, media_type: str, monkeypatch: pytest.MonkeyPatch, image: str, get_json: GetJson
) -> None:
    """It was answered as a single manifest is, with the digest of all platforms."""
    body = f'{{"schemaVersion": 2, "manifests": {entries}}}'.encode()
    monkeypatch.setitem(fake.MANIFESTS, "many", (media_type, body))
    answer = get_json(f"images/digest/?image={image}:many&platform=linux/arm64", 404)
    assert answer["code"] == "platform_not_found"
    data = get_json(f"images/digest/?image={image}:many")
    assert (data["digest"], data["media_type"], data["platforms"]) == (
        fake.digest_of("many"),
        f"{fake.OCI}index.v1+json",
        [],
    )


def test_a_single_manifest_is_answered_as_it_is(image: str, get_json: GetJson) -> None:
    data = get_json(f"images/digest/?image={image}:one&platform=linux/arm64")
    assert (data["digest"], data["platforms"]) == (fake.digest_of("one"), [])


# Some of the tags


@pytest.fixture
def tags(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    listed = ["latest", "2.0", "1.10", "1.9", "1.1"]
    monkeypatch.setattr(fake, "TAGS", listed)
    return listed


@pytest.mark.parametrize(
    ("query", "expected", "more"),
    [
        ("", ["latest", "2.0", "1.10", "1.9", "1.1"], False),
        ("&prefix=1.1", ["1.10", "1.1"], False),
        ("&prefix=3", [], False),
        ("&n=2", ["1.1", "1.10"], True),
        ("&n=2&last=1.10", ["1.9", "2.0"], True),
        ("&n=2&last=2.0", ["latest"], False),
        ("&n=2&last=1.5", ["1.9", "2.0"], True),
        ("&n=1&last=zzz", [], False),
        ("&last=1.9", ["2.0", "latest"], False),
        ("&n=5", ["1.1", "1.10", "1.9", "2.0", "latest"], False),
        ("&n=4", ["1.1", "1.10", "1.9", "2.0"], True),
        ("&n=1&prefix=1.", ["1.1"], True),
        ("&n=1&prefix=1.&last=1.10", ["1.9"], False),
    ],
)
@pytest.mark.usefixtures("tags")
def test_some_tags(
    query: str, expected: list[str], more: bool, image: str, get_json: GetJson, row: Registry
) -> None:
    for path in (
        f"images/tags/?image={image}{query}",
        f"registries/{row.pk}/tags/?repository=acme/app{query}",
    ):
        data = get_json(path)
        assert (data["tags"], data["more"]) == (expected, more)


def test_pages_of_tags_are_whole(tags: list[str], image: str, get_json: GetJson) -> None:
    seen: list[str] = []
    more, last = True, ""
    while more:
        page = get_json(f"images/tags/?image={image}&n=2{last}")
        seen += page["tags"]
        more, last = page["more"], f"&last={seen[-1]}"
    assert seen == sorted(tags)


def test_a_page_of_tags_asks_for_no_more_of_the_registrys_pages(
    get_json: GetJson, db: None
) -> None:
    server = Lists([f"t{number:05}" for number in range(20_000)])
    with FakeServer(server) as registry:
        row = factories.create("custom", url=registry.origin, login=None, password=None)
        query = f"registries/{row.pk}/tags/?repository=acme/app"
        for some, first, pages in [
            ("n=2", 0, 1),
            ("n=2&last=t00007", 8, 1),
            ("n=2&last=t15000", 15_001, 2),
            ("n=2&prefix=t003", 300, 1),
        ]:
            server.queries.clear()
            data = get_json(f"{query}&{some}")
            assert (data["tags"], data["more"]) == (server.names[first : first + 2], True)
            assert len(server.queries) == pages
