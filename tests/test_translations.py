"""The catalogs of the languages: complete and current, and written as each language is."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import polib
import pytest

from ssmsite import settings

ROOT = Path(__file__).resolve().parents[1]
# The app's own catalogs, and those of the site around it.
ROOMS = (Path("registries/locale"), Path("locale"))
SOURCES = ("registries", "ssmsite", "templates")


class Style(NamedTuple):
    """How a language is written.

    quotes: the first and the last of a pair. avoided: what no text has. ends: what stands at the
    end of a text where English has one of the keys.
    """

    quotes: str
    avoided: str
    ends: dict[str, str]


LATIN = {".": ".", ":": ":", "?": "?", "…": "…"}
WIDE = {".": "。", ":": ":：", "?": "?？", "…": "…"}
STYLES = {
    "de": Style("„“", r"!|\bbitte\b|\b[Dd]iese[rs]? Site\b|\bRegistrys\b|”", LATIN),
    "es": Style("“”", r"!|\bpor favor\b", LATIN),
    # French has a space that does not break before these, and within its quotes.
    "fr": Style("«»", r"!|\bveuillez\b|\bs’il vous plaît\b|'|(?:^|[^\S\xa0\u202f])[;?»]|« ", LATIN),
    "ja": Style("「」", r"!|！|[“”]", WIDE),
    "pt_BR": Style("“”", r"!|\bpor favor\b", LATIN),
    "zh_Hans": Style("“”", r"!|！|\w,\s*\w*[\u4e00-\u9fff]", WIDE),
}
CATALOGS = [room / language / "LC_MESSAGES" / "django.po" for room in ROOMS for language in STYLES]

each_catalog = pytest.mark.parametrize("path", CATALOGS, ids=str)


def language_of(path: Path) -> str:
    return path.parts[-3]


def test_every_language_of_the_site_has_its_catalogs() -> None:
    from django.utils.translation import to_locale

    languages = {to_locale(code) for code, _name in settings.LANGUAGES} - {"en"}
    assert languages == {*STYLES}
    for room in ROOMS:
        assert {path.name for path in (ROOT / room).iterdir()} == languages


def key(entry: polib.POEntry) -> tuple[str | None, str, str]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def pairs(entry: polib.POEntry) -> list[tuple[str, str]]:
    """Each English text of an entry beside its translation."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    forms = entry.msgstr_plural
    if len(forms) == 1:  # a language without a plural
        return [(entry.msgid_plural, forms[0])]
    return [(entry.msgid, forms.get(0, "")), (entry.msgid_plural, forms.get(1, ""))]


def parts(text: str) -> list[str]:
    """The placeholders, the tags and the markup in a text."""
    return sorted(re.findall(r"%\(\w+\)[\d.]*\w|\{\w+\}|</?\w+>|\*\*|\]\(\S+?\)", text))


def faults(entry: polib.POEntry, language: str = "de") -> set[str]:
    """What is wrong with an entry of a catalog."""
    quotes, avoided, ends = STYLES[language]
    return {
        fault
        for english, translated in pairs(entry)
        for fault, is_so in {
            "untranslated": not translated,
            "fuzzy": entry.fuzzy,
            "obsolete": entry.obsolete,
            "placeholders": parts(english) != parts(translated),
            "end": english[-1:] in ends and translated[-1:] not in ends[english[-1:]],
            "words": bool(re.search(avoided, PLAIN.sub("", translated), re.IGNORECASE)),
            "quotes": translated.count(quotes[0]) != translated.count(quotes[1]),
        }.items()
        if is_so
    }


# What a translation has from English as it is: addresses, names of permissions, tags.
PLAIN = re.compile(r"[“«]\s?Can [^”»]*[”»]|https?://\S*|<[^>]*>|\*\*[^*]*\*\*")


@each_catalog
def test_every_entry_is_translated_well(path: Path) -> None:
    entries = list(polib.pofile(ROOT / path))
    assert entries
    language = language_of(path)
    assert {entry.msgid: result for entry in entries if (result := faults(entry, language))} == {}


@pytest.mark.parametrize(
    ("language", "english", "text", "result"),
    [
        ("de", "Save", "Sichern", set()),
        ("de", "Save", "", {"untranslated"}),
        ("de", "Save.", "Sichern", {"end"}),
        ("de", "Save", "Bitte sichern", {"words"}),
        ("de", "Save", "Sichern!", {"words"}),
        ("de", "this site", "dieser Site", {"words"}),
        ("de", "“Lab”", "“Lab”", {"quotes", "words"}),
        ("de", "%(n)d s", "%(m)d s", {"placeholders"}),
        ("de", "%(n)d s", "%(n)s s", {"placeholders"}),
        ("de", "{n} of <b>2</b>", "{n} von 2", {"placeholders"}),
        ("de", "**A**, then **B**", "**A**, dann B", {"placeholders"}),
        ("de", "[A](https://a/)", "[A](https://b/)", {"placeholders"}),
        ("fr", "Why?", "Pourquoi\u202f?", set()),
        ("fr", "Why?", "Pourquoi ?", {"words"}),
        ("fr", "“a”", "«\xa0a\xa0»", set()),
        ("fr", "“a”", "«\xa0a", {"quotes"}),
        ("es", "Save.", "Guarde, por favor.", {"words"}),
        ("ja", "Saved.", "保存しました。", set()),
        ("ja", "Saved.", "保存しました.", {"end"}),
        ("zh_Hans", "Saved.", "已保存，完成。", set()),
        ("zh_Hans", "Saved.", "已保存,完成。", {"words"}),
    ],
)
def test_faults_of_an_entry_are_found(
    language: str, english: str, text: str, result: set[str]
) -> None:
    assert faults(polib.POEntry(msgid=english, msgstr=text), language) == result
    for flag, columns in {"fuzzy": {"flags": ["fuzzy"]}, "obsolete": {"obsolete": True}}.items():
        entry = polib.POEntry(msgid=english, msgstr=text, **columns)
        assert faults(entry, language) == result | {flag}


def test_a_missing_plural_is_found() -> None:
    forms = {"msgid": "one", "msgid_plural": "%(n)d", "msgstr_plural": {0: "eins", 1: ""}}
    assert faults(polib.POEntry(**forms)) == {"untranslated", "placeholders"}


def translations(entries: list[polib.POEntry]) -> dict[Any, Any]:
    return {key(entry): pairs(entry) for entry in entries}


@each_catalog
def test_what_is_compiled_is_what_is_written(path: Path) -> None:
    compiled = polib.mofile(ROOT / path.with_suffix(".mo"))
    assert translations(compiled) == translations(polib.pofile(ROOT / path)), "run make messages"


# What `extracted` adds to the copy, one for each catalog: texts that nobody has translated yet.
NEW = "Quite new."
ADDED = {
    "registries/new.py": f'from registries.text import gettext_noop as _\n\nNEW = _("{NEW}")\n',
    "templates/new.html": f'{{% load i18n %}}{{% translate "{NEW}" %}}',
}


@each_catalog
def test_the_catalog_has_every_text_of_the_sources_and_no_other(
    path: Path, extracted: Path
) -> None:
    german = Path(str(path).replace(f"/{language_of(path)}/", "/de/"))
    result = {key(entry) for entry in polib.pofile(extracted / german)}
    known = {key(entry) for entry in polib.pofile(ROOT / path)}
    assert result - known == {(None, NEW, "")}, "run make messages, then translate"
    assert known - result == set(), "run make messages"


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources whose German catalogs hold every text that is marked there."""
    if not shutil.which("xgettext"):
        reason = "extraction of texts left out: xgettext is missing (apt-get install gettext)"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__", "locale")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name, text in ADDED.items():
        (copy / name).write_text(text)
    for room in ROOMS:
        (copy / room / "de" / "LC_MESSAGES").mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", "de"],
        cwd=copy,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return copy
