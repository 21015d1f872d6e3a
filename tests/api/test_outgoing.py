"""Tags and digests: what the registry itself answers, and whose fault it is when it does not."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet

from registries.models import Registry
from registries.verdicts import CODES
from tests import factories
from tests.api import fake
from tests.api.conftest import Caller, addresses

GetJson = Callable[..., Any]
ABSENT = "sha256:" + "0" * 64


def tags(row: Registry, repository: str) -> str:
    return f"registries/{row.pk}/tags/?repository={repository}"


def digest(row: Registry, repository: str, reference: str) -> str:
    return f"registries/{row.pk}/digest/?repository={repository}&reference={reference}"


def test_tags(get_json: GetJson, row: Registry) -> None:
    expected = {"repository": "acme/app", "tags": ["latest", "one"], "more": False}
    assert get_json(tags(row, "acme/app")) == expected


def test_the_digest_of_an_index(get_json: GetJson, row: Registry) -> None:
    expected = {
        "repository": "acme/app",
        "reference": "latest",
        "digest": fake.digest_of("latest"),
        "media_type": "application/vnd.oci.image.index.v1+json",
        "platforms": fake.PLATFORMS,
    }
    assert get_json(digest(row, "acme/app", "latest")) == expected
    by_digest = get_json(digest(row, "acme/app", fake.digest_of("latest")))
    assert by_digest == {**expected, "reference": fake.digest_of("latest")}


def test_the_digest_of_a_single_manifest(get_json: GetJson, row: Registry) -> None:
    data = get_json(digest(row, "acme/app", "one"))
    assert (data["digest"], data["platforms"]) == (fake.digest_of("one"), [])


def test_nothing_is_stored(get_json: GetJson, row: Registry) -> None:
    before = Registry.objects.values().get(pk=row.pk)
    get_json(tags(row, "acme/app"))
    get_json(tags(row, "acme/broken"), 502)
    assert Registry.objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize(
    ("repository", "status", "code"),
    [
        ("acme/nothing", 404, "repository_not_found"),
        ("acme/denied", 502, "no_access_to_image"),
        ("acme/broken", 502, "server_error"),
        ("acme/busy", 502, "rate_limited"),
        ("acme/garbage", 502, "bad_answer"),
    ],
)
def test_what_the_registry_says(
    repository: str, status: int, code: str, get_json: GetJson, row: Registry
) -> None:
    for path in (tags(row, repository), digest(row, repository, "latest")):
        answer = get_json(path, status)
        assert (list(answer), answer["code"]) == (["code", "detail"], code)
        assert answer["detail"] == CODES[code].sentence % {"host": row.url.partition("//")[2]}


@pytest.mark.parametrize("reference", ["nope", ABSENT])
def test_an_absent_tag(reference: str, get_json: GetJson, row: Registry) -> None:
    assert get_json(digest(row, "acme/app", reference), 404)["code"] == "tag_not_found"


def test_when_to_ask_again(reader: Caller, row: Registry) -> None:
    response = reader.get(tags(row, "acme/busy"))
    assert 1 <= int(response["Retry-After"]) <= 30
    assert reader.get(tags(row, "acme/busy-untold"))["Retry-After"] == "60"
    assert "Retry-After" not in reader.get(tags(row, "acme/broken"))


def test_a_registry_that_does_not_answer_in_time(
    get_json: GetJson, row: Registry, settings: Any
) -> None:
    settings.REGISTRIES = {"TIMEOUT": 0.5}
    assert get_json(tags(row, "acme/slow"), 504)["code"] == "timeout"
    assert get_json(digest(row, "acme/slow", "latest"), 504)["code"] == "timeout"


def test_a_registry_that_answers_late_but_in_time(
    get_json: GetJson, row: Registry, registry: Any
) -> None:
    registry.released.set()
    assert get_json(tags(row, "acme/slow"), 404)["code"] == "repository_not_found"


def test_a_registry_that_is_down(get_json: GetJson, db: None) -> None:
    with fake.Registry() as server:
        row = factories.create(
            "custom", url=server.origin, login=fake.LOGIN, password=fake.PASSWORD
        )
        get_json(tags(row, "acme/app"))
    assert get_json(tags(row, "acme/app"), 502)["code"] in {"refused", "connection"}


def test_wrong_credentials(get_json: GetJson, registry: Any) -> None:
    row = factories.create("custom", url=registry.origin, login="johndoe", password="wrong")
    assert get_json(tags(row, "acme/app"), 502)["code"] == "bad_credentials"


def test_a_row_that_names_no_registry(get_json: GetJson, db: None) -> None:
    row = factories.create("acr", url=None)
    assert get_json(tags(row, "acme/app"), 502)["code"] == "image_needed"


def test_a_wrong_encryption_key(
    get_json: GetJson, row: Registry, registry: Any, use_keys: Callable[..., None]
) -> None:
    """#1: every answer still opens, and nothing is sent."""
    for path in addresses(row):
        get_json(path)
    count = len(registry.requests)
    assert count
    use_keys(Fernet.generate_key())
    for path in addresses(row):
        outgoing = "repository=" in path or path.startswith("images/")
        answer = get_json(path, 502 if outgoing else 200)
        if outgoing:
            assert answer["code"] == "secret_unreadable"
    assert len(registry.requests) == count
    assert get_json(f"registries/{row.pk}/")["variables"]["password"] == {"set": True}


def test_a_registrys_fault_wakes_nobody(
    get_json: GetJson, row: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    get_json(tags(row, "acme/broken"), 502)
    assert [record.levelname for record in caplog.records if "tags" in record.message] == [
        "WARNING"
    ]
