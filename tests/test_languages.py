"""Every language of the site, where people read the most: lists, forms, what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import ngettext, to_locale

from registries.models import Registry
from ssmsite.settings import LANGUAGES
from tests.browser.samples import fill
from tests.site.conftest import Site
from tests.test_german import API, LIST, Words, left_english, names, said_alike

OTHERS = [code for code, _name in LANGUAGES if code not in {"en", "de"}]

# What Django's own translation lacks.
NOT_OURS = {"zh-hans": {"Add link", "Change or view list link", "Model name"}}

in_each_language = pytest.mark.parametrize("language", OTHERS)


@pytest.fixture(autouse=True)
def _speaks(settings: Any) -> None:
    """A site that speaks the language that the browser asks for."""
    middleware = "django.middleware.locale.LocaleMiddleware"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, middleware]
    settings.LANGUAGES = LANGUAGES


def fetch(client: Client, path: str, language: str, **form: str) -> list[str]:
    """The answers to one request, in English and in another language."""
    result = []
    for code in ("en", language):
        headers = {"accept-language": code}
        answer = client.post(path, form, headers=headers) if form else None
        answer = answer or client.get(path, headers=headers, follow=True)
        assert answer.headers["Content-Language"] == code
        result.append(answer.content.decode())
    return result


def left(pages: list[str], language: str) -> set[str]:
    """What stands in English on a page of another language."""
    english, other = (Words(page).found for page in pages)
    known = names(to_locale(language)) | NOT_OURS.get(language, set())
    return left_english(english, other, known)


@in_each_language
def test_pages_are_in_the_language(admin_client: Client, language: str) -> None:
    fill()
    row = Registry.objects.get(kind="custom")
    paths = ("", "add/", "add/?kind=acr", f"{row.pk}/history/", f"{row.pk}/delete/", "import/")
    for path in paths:
        assert left(fetch(admin_client, LIST + path, language), language) == set(), path
    wrong = {"name": "", "url": "a\x01b", "prefix": "x", "ca_certificate": "x"}
    assert (
        left(fetch(admin_client, f"{LIST}add/?kind=custom", language, **wrong), language) == set()
    )


@in_each_language
def test_the_api_answers_in_the_language(admin_client: Client, language: str) -> None:
    answers = fetch(admin_client, f"{API}registries/?kind=nonsense&page=0&search=%00", language)
    assert said_alike(answers, "code", language=to_locale(language)) == set()


@in_each_language
def test_one_and_many_are_told_apart(language: str) -> None:
    with translation.override(language):
        texts = [ngettext("%(count)d hour ago", "%(count)d hours ago", n) for n in (1, 2)]
    has_plural = language not in {"ja", "zh-hans"}
    assert "hour" not in "".join(texts)
    assert (texts[0] != texts[1]) is has_plural


OWN = """
import json
import polib
from django.conf import settings
from django.utils.translation import gettext, override, to_language
shown = {}
for path in settings.BASE_DIR.glob("**/locale/*/LC_MESSAGES/django.po"):
    if path.parts[len(settings.BASE_DIR.parts)] not in {"locale", "registries"}:
        continue
    with override(to_language(path.parts[-3])):
        for entry in polib.pofile(path):
            if entry.msgstr and not entry.msgctxt and gettext(entry.msgid) != entry.msgstr:
                shown[f"{path.parts[-3]}: {entry.msgid}"] = gettext(entry.msgid)
print("shown:" + json.dumps(shown))
"""


def test_the_site_shows_its_own_words(tmp_path: Path) -> None:
    """Django and libraries translate the same English words, some for another meaning."""
    output = Site(tmp_path / "data").shell(OWN)
    assert json.loads(output.partition("shown:")[2]) == {}
