"""Conditional requests: an answer that is held already is not sent again."""

from typing import Any

import pytest

from registries.models import Registry
from tests.api.conftest import Caller, addresses, caller


@pytest.fixture
def tagged(row: Registry) -> list[str]:
    paths = ["registries/", f"registries/{row.pk}/", "kinds/", f"kinds/{row.kind}/"]
    return [*paths, "handovers/"]


def get(client: Caller, path: str, etag: str = "", method: str = "GET") -> Any:
    headers = {"if-none-match": etag} if etag else {}
    return client.generic(method, path, headers=headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_held_is_not_sent_again(method: str, tagged: list[str], reader: Caller) -> None:
    for path in tagged:
        tag = get(reader, path)["ETag"]
        for etag in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = get(reader, path, etag, method)
            assert (again.status_code, again.content) == (304, b"")
            assert (again["ETag"], again["Cache-Control"]) == (tag, "private, no-cache")
        for etag in ('"x"', tag[:-2] + '"', tag.strip('"'), "", "\xff"):
            assert get(reader, path, etag, method).status_code == 200


def test_each_has_a_tag_of_its_own(tagged: list[str], reader: Caller) -> None:
    assert len({get(reader, path)["ETag"] for path in tagged}) == len(tagged)


def test_a_change_changes_the_tag(reader: Caller, row: Registry) -> None:
    for path in ("registries/", f"registries/{row.pk}/"):
        tag = get(reader, path)["ETag"]
        row.name += " changed"
        row.save()
        changed = get(reader, path, tag)
        assert changed.status_code == 200
        assert changed["ETag"] != tag


def test_a_tag_opens_nothing(tagged: list[str], reader: Caller, row: Registry) -> None:
    """Who may not read is refused, whatever is held; and errors have no tag."""
    stranger = caller("stranger")
    for path in tagged:
        assert get(stranger, path, get(reader, path)["ETag"]).status_code == 403
    missing = get(reader, "registries/999999/", "*")
    assert (missing.status_code, "ETag" in missing) == (404, False)


def test_what_others_answer_has_none(tagged: list[str], reader: Caller, row: Registry) -> None:
    for path in addresses(row):
        assert ("ETag" in get(reader, path)) is (path in tagged), path
