"""The documentation says what the code does."""

import re
from pathlib import Path

import pytest

from registries.verdicts import Verdict
from tests.pages import DOCS, MEANINGS, PAGES

ROOT = DOCS.parent
TEXTS = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_pages_made_from_the_code_are_up_to_date(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), "run: make docs"


def test_every_verdict_is_explained() -> None:
    assert set(MEANINGS) == set(Verdict)


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(text: Path) -> None:
    found = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text.read_text(encoding="utf-8"))
    for target in found:
        assert (text.parent / target).exists(), target
