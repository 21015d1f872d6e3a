"""The how-to of a kind: its markup, and what forms and API make of it."""

import re
from dataclasses import replace

import pytest
from django.test import Client

from registries.admin.howto import marked
from registries.kinds import KINDS
from registries.schema import describe
from registries.text import plain

ADD = "/backstage/registries/registry/add/"
EVIL = '<img src=x onerror="alert(1)">'


def html(text: str) -> str:
    """What is made of a sentence, without the icons of links."""
    return re.sub(r"<svg.*?</svg>", "", marked(text), flags=re.DOTALL)


@pytest.mark.parametrize(
    ("text", "rendered", "plain_text"),
    [
        ("**A & B**, **C**.", "<strong>A &amp; B</strong>, <strong>C</strong>.", "A & B, C."),
        (
            "In [A](https://a.example/?b&c).",
            'In <a href="https://a.example/?b&amp;c" rel="noreferrer">A</a>.',
            "In A.",
        ),
        ("2 ** 3, [a] (b).", "2 ** 3, [a] (b).", "2 ** 3, [a] (b)."),
        ("[A](http://a.example/)", "[A](http://a.example/)", "[A](http://a.example/)"),
        ("[A](javascript:alert)", "[A](javascript:alert)", "[A](javascript:alert)"),
        ("**<b>**", "<strong>&lt;b&gt;</strong>", "<b>"),
        (
            '[<b>](https://a.example/"onclick="x)',
            '<a href="https://a.example/&quot;onclick=&quot;x" rel="noreferrer">&lt;b&gt;</a>',
            "<b>",
        ),
    ],
)
def test_markup(text: str, rendered: str, plain_text: str) -> None:
    """Pages show it as HTML, API clients are told the words alone."""
    assert (html(text), plain(text)) == (rendered, plain_text)


@pytest.mark.django_db
@pytest.mark.parametrize("slug", KINDS)
def test_the_form_of_a_kind_shows_its_markup(slug: str, admin_client: Client) -> None:
    """Menus and buttons stand out in every kind whose platform has a known page."""
    howto = KINDS[slug].howto
    page = admin_client.get(ADD, {"kind": slug}).content.decode()
    aside = page[page.index('<aside class="reg-howto"') :]
    for text in (*howto.steps, *howto.notes):
        assert f"<li>{marked(text)}</li>" in aside
    # Whoever runs another registry knows its menus, if it has any.
    assert ("<strong>" in aside) == (slug != "custom")
    assert "**" not in aside


def test_api_clients_are_told_plain_text() -> None:
    for kind in KINDS.values():
        howto = describe(kind, str)["howto"]
        assert not re.search(r"\*\*|\]\(", "".join([*howto["steps"], *howto["notes"]]))


@pytest.mark.django_db
def test_no_html_of_a_sites_own_kind_gets_through(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    howto = KINDS["quay"].howto
    texts = (f"Open {EVIL}.", f"Open **{EVIL}**.", f"Open [{EVIL}](https://a.example/{EVIL}).")
    evil = replace(KINDS["quay"], howto=howto._replace(steps=texts, notes=texts))
    monkeypatch.setitem(KINDS, "quay", evil)
    page = admin_client.get(ADD, {"kind": "quay"}).content.decode()
    assert "&lt;img src=x" in page
    assert "<img src=x" not in page
