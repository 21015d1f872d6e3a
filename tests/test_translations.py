"""The catalogs of German texts: complete and current."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polib
import pytest

ROOT = Path(__file__).resolve().parents[1]
CATALOG = Path("locale/de/LC_MESSAGES/django.po")
# The app's own catalog, and that of the site around it.
CATALOGS = (Path("registries") / CATALOG, CATALOG)
SOURCES = ("registries", "ssmsite", "templates")

each_catalog = pytest.mark.parametrize("path", CATALOGS, ids=str)


def key(entry: polib.POEntry) -> tuple[str | None, str, str]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def pairs(entry: polib.POEntry) -> list[tuple[str, str]]:
    """Each English text of an entry beside its German one."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    forms = entry.msgstr_plural
    return [(entry.msgid, forms.get(0, "")), (entry.msgid_plural, forms.get(1, ""))]


def parts(text: str) -> list[str]:
    """The placeholders, the tags and the markup in a text."""
    return sorted(re.findall(r"%\(\w+\)[\d.]*\w|\{\w+\}|</?\w+>|\*\*|\]\(\S+?\)", text))


def faults(entry: polib.POEntry) -> set[str]:
    """What is wrong with an entry of a catalog."""
    return {
        fault
        for english, german in pairs(entry)
        for fault, is_so in {
            "untranslated": not german,
            "fuzzy": entry.fuzzy,
            "obsolete": entry.obsolete,
            "placeholders": parts(english) != parts(german),
            "end": (english[-1:] in ".:?…") and english[-1:] != german[-1:],
            "tone": bool(re.search(r"!|\bbitte\b", german, re.IGNORECASE)),
            "words": bool(re.search(r"\b[Dd]iese[rs]? Site\b|\bRegistrys\b", german)),
            "quotes": german.count("„") != german.count("“") or "”" in german,
        }.items()
        if is_so
    }


@each_catalog
def test_every_entry_is_translated_well(path: Path) -> None:
    entries = list(polib.pofile(ROOT / path))
    assert entries
    assert {entry.msgid: result for entry in entries if (result := faults(entry))} == {}


@pytest.mark.parametrize(
    ("entry", "result"),
    [
        ({"msgid": "Save", "msgstr": "Sichern"}, set()),
        ({"msgid": "Save", "msgstr": ""}, {"untranslated"}),
        ({"msgid": "Save", "msgstr": "Sichern", "flags": ["fuzzy"]}, {"fuzzy"}),
        ({"msgid": "Save", "msgstr": "Sichern", "obsolete": True}, {"obsolete"}),
        ({"msgid": "Save.", "msgstr": "Sichern"}, {"end"}),
        ({"msgid": "Save", "msgstr": "Bitte sichern"}, {"tone"}),
        ({"msgid": "Save", "msgstr": "Sichern!"}, {"tone"}),
        ({"msgid": "this site", "msgstr": "dieser Site"}, {"words"}),
        ({"msgid": "“Lab”", "msgstr": "“Lab”"}, {"quotes"}),
        ({"msgid": "%(n)d s", "msgstr": "%(m)d s"}, {"placeholders"}),
        ({"msgid": "%(n)d s", "msgstr": "%(n)s s"}, {"placeholders"}),
        ({"msgid": "{n} of <b>2</b>", "msgstr": "{n} von 2"}, {"placeholders"}),
        ({"msgid": "**A**, then **B**", "msgstr": "**A**, dann B"}, {"placeholders"}),
        ({"msgid": "[A](https://a/)", "msgstr": "[A](https://b/)"}, {"placeholders"}),
        (
            {"msgid": "one", "msgid_plural": "%(n)d", "msgstr_plural": {0: "eins", 1: ""}},
            {"untranslated", "placeholders"},
        ),
    ],
)
def test_faults_of_an_entry_are_found(entry: dict[str, Any], result: set[str]) -> None:
    assert faults(polib.POEntry(**entry)) == result


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
    result = {key(entry) for entry in polib.pofile(extracted / path)}
    known = {key(entry) for entry in polib.pofile(ROOT / path)}
    assert result - known == {(None, NEW, "")}, "run make messages, then translate"
    assert known - result == set(), "run make messages"


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources whose catalogs hold every text that is marked there."""
    if not shutil.which("xgettext"):
        reason = "extraction of texts left out: xgettext is missing (apt-get install gettext)"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__", "locale")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name, text in ADDED.items():
        (copy / name).write_text(text)
    for path in CATALOGS:
        (copy / path).parent.mkdir(parents=True)
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
