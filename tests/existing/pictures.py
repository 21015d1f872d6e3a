"""`make sites`: the app's pages in other people's themes, photographed for somebody to look at.

Each theme's site is started from the wheel, and its pages are opened in Chromium, wide and narrow,
light and dark. The pictures go to a folder that is not committed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium
from tests.existing.guest import ROOT, environment, install, run, serving

# Opens a page of a site, and returns its status.
Opener = Callable[[Page, str], int]
THEMES = ("plain", "unfold", "jazzmin", "grappelli", "interface")
# The width of the window in pixels, and the colours that the reader prefers.
LOOKS: dict[str, tuple[int, Literal["light", "dark"]]] = {
    "wide": (1280, "light"),
    "wide-dark": (1280, "dark"),
    "narrow": (360, "light"),
    "narrow-dark": (360, "dark"),
}
EMAIL, PASSWORD = "robin@sites.example", "fake-password-of-robin"
LIST = "/admin/registries/registry/"
# The samples of the pictures of the documentation. The app stays the one of the wheel.
FILL = f"""
import sys, registries
sys.path.insert(0, {str(ROOT)!r})
from django.contrib.auth import get_user_model
from tests.browser.samples import fill
get_user_model().objects.create_superuser({EMAIL!r}, {PASSWORD!r})
fill()
"""


def main() -> int:
    """Take the pictures, and print each page that failed or that logged an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("themes", nargs="*")
    parser.add_argument("--pages", nargs="+", default=PAGES, help="only these")
    parser.add_argument("--looks", nargs="+", default=LOOKS, help="only these")
    parser.add_argument("--folder", type=Path, required=True, help="where the pictures go")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        python = install(Path(folder))
        for theme in args.themes or THEMES:
            data = Path(folder) / theme
            data.mkdir()
            with site(theme, python, data) as url:
                for look in args.looks:
                    where = args.folder / f"{theme}-{look}"
                    faults += photograph(browser, url, where, *LOOKS[look], args.pages)
    print(*faults or [f"No page failed. The pictures are in {args.folder}."], sep="\n")
    return bool(faults)


@contextmanager
def site(theme: str, python: Path, data: Path) -> Iterator[str]:
    """Run a site with samples, and yield its address."""
    env = environment(theme, data, DJANGO_DEBUG="1")
    for command in (["migrate", "--verbosity=0"], ["shell", "--no-imports", "--command", FILL]):
        run(str(python), "manage.py", *command, env=env)
    with serving("uvicorn", python, env) as url:
        yield url


def photograph(
    browser: Browser,
    url: str,
    where: Path,
    width: int,
    scheme: Literal["light", "dark"],
    pages: Iterable[str],
) -> list[str]:
    """Open pages, and return what was wrong with them."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    # jazzmin asks the browser only if it is told so.
    context.add_init_script("localStorage.setItem('jazzmin-theme-mode', 'auto')")
    # Nothing is fetched from elsewhere.
    context.route(lambda address: not address.startswith(url), lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: faults.append(f"{where.name} {page.url}: {error}"))
    page.on(
        "console",
        lambda line: (
            line.type == "error" and faults.append(f"{where.name} {page.url}: {line.text}")
        ),
    )
    sign_in(page, url)
    for name in pages:
        status = PAGES[name](page, url)
        page.wait_for_load_state()
        if status != 200:
            faults.append(f"{where.name} {name}: {status}")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            faults.append(f"{where.name} {name}: {over} px wider than the window")
        page.screenshot(path=f"{where}-{name}.png", full_page=True)
    context.close()
    return faults


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/login/?next={LIST}")
    page.fill("[name=username]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(url + LIST)


def at(path: str) -> Opener:
    return lambda page, url: getattr(page.goto(url + path), "status", 0)


def after(path: str, *clicks: str) -> Opener:
    """The page that a few clicks from another one lead to."""

    def open_page(page: Page, url: str) -> int:
        page.goto(url + path)
        for selector in clicks:
            page.locator(selector).first.click()
            page.wait_for_load_state()
        return 200

    return open_page


LAB = 'a[href*="/change/"]:has-text("Lab registry")'
PAGES: dict[str, Opener] = {
    "list": at(LIST),
    "table": at(LIST + "?view=table"),
    "kinds": at(LIST + "add/"),
    "add": at(LIST + "add/?kind=custom"),
    "faults": after(LIST + "add/?kind=custom", "[name=_save]"),
    "form": after(LIST + "?view=tiles", LAB),
    "checked": after(LIST + "add/?kind=custom", "[name=_check]"),
    "history": after(LIST, LAB, '.reg-pagehead a[href*="/history/"]'),
    "delete": after(LIST, LAB, "a.deletelink"),
    "handover": after(LIST, LAB, '.reg-pagehead a[href*="/hand"]'),
    "import": at(LIST + "import/"),
    "image": at(LIST + "image/?image=nginx"),
    "checks": at("/admin/registries/check/"),
    "check": after("/admin/registries/check/", ".reg-log a"),
    "outcomes": at(LIST + "outcomes/"),
    "api": at("/api/docs/"),
}


if __name__ == "__main__":
    sys.exit(main())
