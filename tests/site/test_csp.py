"""Content-Security-Policy: on every answer, and no page of the admin is the worse for it."""

import secrets
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.chromium import VIOLATIONS, chromium
from tests.browser.conftest import pytest_runtest_setup  # noqa: F401 - leaves out without Chromium
from tests.site.conftest import Site, Visitor

HEADER = "Content-Security-Policy"
PASSWORD = secrets.token_hex(12)
MAKE = f"""
from django.contrib.auth.models import Group, User
from registries.kinds import KINDS
from registries.models import Registry
User.objects.create_superuser("ann", password="{PASSWORD}")
Group.objects.create(name="readers")
Registry.objects.create(kind="custom", name="Lab", url="http://127.0.0.1:1")
print(*Registry.objects.order_by("pk").values_list("pk", flat=True), *KINDS)
"""
LIST = "/admin/registries/registry/"


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, list[str], list[str]]:
    """A site with an administrator and some rows; the pages of the rows and of the kinds."""
    site = Site(tmp_path_factory.mktemp("csp") / "data")
    site.migrate()
    words = site.shell(MAKE).split()
    rows = [word for word in words if word.isdigit()]
    return site, rows, words[len(rows) :]


@pytest.fixture(scope="module")
def served(furnished: tuple[Site, list[str], list[str]]) -> Iterator[Visitor]:
    with furnished[0].served(DJANGO_DEBUG="1", REGISTRIES_TIMEOUT="2") as visitor:
        yield visitor


def _complaint(complaints: ConsoleMessage) -> list[str]:
    return [complaints.text] if complaints.type == "error" else []


@pytest.fixture
def faults() -> list[str]:
    return []


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def browser(running: Browser, served: Visitor, faults: list[str]) -> Iterator[Page]:
    """A browser whose user is signed in; what its console complains about is in `faults`."""
    with running.new_context() as context:
        page = context.new_page()
        page.on("console", lambda complaints: faults.extend(_complaint(complaints)))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{served.origin}/admin/login/")
        page.fill("[name=username]", "ann")
        page.fill("[name=password]", PASSWORD)
        page.click("[type=submit]")
        yield page


def test_the_policy_is_on_every_answer(migrated: Site) -> None:
    """#26: pages, errors, redirects, files and JSON; scripts and styles come from files alone."""
    https = {"X_Forwarded_Proto": "https"}
    with migrated.served(DJANGO_BEHIND_PROXY="1") as visitor:
        visitor.headers["Host"] = "localhost"
        paths = ("/", "/admin/", "/admin/login/", "/no/such/page", "/api/kinds/", "/api/nowhere")
        for path in (
            *paths,
            "/static/registries/registries.js",
            "/static/registries/marks/hub.svg",
        ):
            policy = visitor.see(path, **https).headers[HEADER]
            assert "default-src 'self'" in policy, path
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "*" not in policy
        assert HEADER in visitor.see("/").headers, "the redirect to HTTPS"


def test_no_page_of_the_admin_breaks_the_policy(
    browser: Page,
    faults: list[str],
    served: Visitor,
    furnished: tuple[Site, list[str], list[str]],
) -> None:
    """#26: every page, opened in Chromium, whose console would tell what was refused."""
    _site, rows, kinds = furnished
    paths = ["/", "/api/docs/", "/admin/", "/admin/password_change/"]
    paths += [f"/admin/auth/{page}" for page in ("user/", "user/add/", "user/1/change/")]
    paths += [f"/admin/auth/{page}" for page in ("user/1/password/", "group/", "group/1/change/")]
    paths += [LIST, f"{LIST}add/", *(f"{LIST}add/?kind={kind}" for kind in kinds)]
    paths += [f"{LIST}{rows[-1]}/{page}/" for page in ("change", "history", "delete")]
    paths += [f"{LIST}{rows[0]}/{page}/" for page in ("change", "reset")]
    paths += [f"{LIST}?view=table", f"{LIST}?kind__exact=hub"]
    browser.goto(f"{served.origin}/admin/")
    paths += browser.eval_on_selector_all(
        "#content-main a", "links => links.map(link => link.getAttribute('href'))"
    )
    assert "/admin/auth/group/add/" in paths
    for path in paths:
        answer = browser.goto(served.origin + path)
        assert answer
        assert answer.ok, path
        assert HEADER.lower() in answer.headers
        assert faults == [], path
    # A check of one row, and of all.
    browser.goto(f"{served.origin}{LIST}{rows[-1]}/change/")
    browser.get_by_role("button", name="Check", exact=True).click()
    browser.locator("#check-result").wait_for()
    assert "refused the connection" in browser.content()
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_api_is_read_and_tried_in_a_browser(
    scheme: Literal["light", "dark"], browser: Page, faults: list[str], served: Visitor
) -> None:
    """#26: Swagger UI works under the policy, from the site's own files."""
    requests: list[str] = []
    browser.on("request", lambda request: requests.append(request.url))
    browser.emulate_media(color_scheme=scheme)
    browser.goto(f"{served.origin}/api/docs/")
    listed = browser.locator("#operations-registries-registries_list")
    listed.locator(".opblock-summary-control").click()
    listed.get_by_role("button", name="Try it out").click()
    listed.locator("tr", has_text="Only this kind.").locator("select").select_option("custom")
    listed.get_by_role("button", name="Execute").click()
    answer = listed.locator(".live-responses-table .highlight-code").first
    answer.wait_for()
    assert '"name": "Lab"' in answer.inner_text()
    assert (
        f"{served.origin}/api/registries/?kind=custom&ordering=name&page=1&page_size=50" in requests
    )
    assert not [url for url in requests if not url.startswith(f"{served.origin}/")]
    is_dark = browser.evaluate("document.documentElement.classList.contains('dark-mode')")
    assert is_dark is (scheme == "dark")
    browser.goto(f"{served.origin}/api/registries/?kind=custom")
    assert '"name": "Lab"' in browser.locator("pre").inner_text()
    assert faults == []


def test_a_new_token_is_copied_on_a_phone_and_its_pages_fit(browser: Page, served: Visitor) -> None:
    browser.set_viewport_size({"width": 360, "height": 800})
    browser.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tokens = f"{served.origin}/admin/ssmsite/accesstoken/"
    browser.goto(f"{tokens}add/")
    browser.get_by_label("Name:").fill("Updater")
    assert_fits(browser)
    browser.get_by_role("button", name="Create the token").click()
    browser.get_by_role("button", name="Copy").first.click()
    browser.get_by_text("Copied").wait_for()
    token = browser.evaluate("navigator.clipboard.readText()")
    assert (len(token), token) == (64, browser.locator("#token").inner_text())
    assert_fits(browser)
    browser.get_by_role("link", name="All access tokens").click()
    assert_fits(browser)
    browser.get_by_role("link", name="Revoke").click()
    assert_fits(browser)


def assert_fits(page: Page) -> None:
    """Nothing is wider than the window, and axe finds no violation."""
    # Without its style a page may be wider for a moment.
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
    results = Axe().run(page, options=VIOLATIONS)
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def test_what_is_written_into_a_page_does_not_run(
    browser: Page, faults: list[str], served: Visitor
) -> None:
    """#26: the twin: the browser refuses, and the console tells."""
    browser.goto(served.origin + LIST)
    browser.evaluate(
        "document.body.insertAdjacentHTML('beforeend',"
        ' \'<p style="color: red"></p><img src="x:" onerror="window.ran = 1">\')'
    )
    browser.wait_for_timeout(500)
    assert browser.evaluate("window.ran") is None
    assert any("Content Security Policy" in fault for fault in faults)
