"""What the API tells of kinds."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from registries.kinds import KINDS
from registries.schema import describe

GetJson = Callable[..., Any]


def test_all_kinds_and_each(get_json: GetJson) -> None:
    """As tests/test_schema.py describes them."""
    kinds = get_json("kinds/")
    assert kinds == [describe(kind, str) for kind in KINDS.values()]
    for kind in kinds:
        assert get_json(f"kinds/{kind['slug']}/") == kind
    assert [list(kind["schema"]["properties"]) for kind in kinds] == [
        list(kind.by_name) for kind in KINDS.values()
    ]


@pytest.mark.parametrize("slug", ["Hub", "hub ", "h", "hub%00", "%FF", "a/b", "hub%0A", "x" * 5000])
def test_no_other_kind(slug: str, get_json: GetJson) -> None:
    assert get_json(f"kinds/{slug}/", 404)["code"] == "not_found"


def test_texts_are_translated(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels, sentences and errors pass through gettext."""
    seen: list[str] = []

    def shout(text: str) -> str:
        seen.append(text)
        return f"¡{text}!"

    monkeypatch.setattr("django.utils.translation._trans.gettext", shout)
    with override("en"):
        assert reader.get("kinds/hub/").json()["label"] == "¡Docker Hub!"
        assert reader.get("nowhere/").json()["detail"] == "¡Nothing was found at this address.!"
        assert reader.get("resolve/").json()["fields"] == {"image": "¡This is required.!"}
    assert "Docker Hub" in seen
