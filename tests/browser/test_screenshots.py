"""When a picture of docs/images counts as out of date."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import screenshots

PAGE = "<h2 style='font: 20px sans-serif; color: {}'>{}</h2>"
USUAL = ("#333", "Not configured")


@pytest.mark.parametrize(
    ("colour", "heading", "height", "out_of_date"),
    [
        (*USUAL, 80, False),
        ("#373737", "Not configured", 80, False),  # as the edge of a letter may differ
        ("#c00", "Not configured", 80, True),
        ("#333", "Not konfigured", 80, True),
        (*USUAL, 81, True),
    ],
)
def test_a_picture_is_out_of_date_once_anybody_would_see_it(
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    colour: str,
    heading: str,
    height: int,
    out_of_date: bool,
) -> None:
    monkeypatch.setattr(screenshots, "IMAGES", tmp_path / "known")
    page = browser.new_page(viewport={"width": 300, "height": 80})
    page.set_content(PAGE.format(*USUAL))
    page.screenshot(path=tmp_path / "known/page.png")
    page.set_content(PAGE.format(colour, heading))
    page.set_viewport_size({"width": 300, "height": height})
    page.screenshot(path=tmp_path / "page.png")
    page.close()
    assert screenshots.differs(browser, tmp_path / "page.png") is out_of_date
