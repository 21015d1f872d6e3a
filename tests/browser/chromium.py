"""Debian's Chromium without a window, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

# Without the window and its parts, which would take half as much again.
PROGRAM = "chromium-headless-shell"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)


# Of axe: what is right would be described at length.
VIOLATIONS = {"resultTypes": ["violations"]}


def missing() -> str | None:
    """What the machine lacks for the browser tests and how to get it, or None."""
    return None if shutil.which(PROGRAM) else f"no {PROGRAM} (apt-get install {PROGRAM})"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which(PROGRAM), args=list(FLAGS), headless=False
        )
        yield browser
        browser.close()
