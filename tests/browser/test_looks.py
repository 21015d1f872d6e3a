"""Every page of ours: axe finds no violation, light and dark, and nothing breaks when narrow."""

from functools import partial
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from registries.models import Registry
from ssmsite.settings import LANGUAGES
from tests.browser.chromium import VIOLATIONS
from tests.browser.conftest import type_of_open
from tests.browser.samples import fill, past
from tests.canaries import SAMPLES_TO_IMPORT
from tests.factories import create

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/registries/registry/"
# All rules once; in the dark only what depends on it.
SCHEMES = {"light": VIOLATIONS, "dark": {**VIOLATIONS, "runOnly": ["color-contrast"]}}


@pytest.fixture
def open_page(open_page: type_of_open) -> type_of_open:
    """As elsewhere, but axe and the style below may enter the page."""
    return partial(open_page, bypass_csp=True)


def assert_fit(page: Page, where: str) -> None:
    # Colours on their way from one scheme to the other are none.
    page.add_style_tag(content="* { transition: none !important }")
    for scheme, options in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page, options=options)
        assert results.violations_count == 0, f"{where}, {scheme}\n{results.generate_report()}"
    for width in (360, 800):
        page.set_viewport_size({"width": width, "height": 800})
        beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert beyond <= 0, f"{where} is {beyond} px wider than {width} px"
    page.set_viewport_size({"width": 1440, "height": 900})


# How far what is shown already moves while the page loads, as browsers count it: 0.1 is too much.
SHIFTS = """
    window.shifted = 0;
    const add = list => list.getEntries().forEach(each => { window.shifted += each.value; });
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
"""


def test_no_page_jumps_while_it_loads(open_page: type_of_open) -> None:
    """Django's script opens the sidebar late; ours says before that it is open."""
    fill()
    row = Registry.objects.get(name="Lab registry")
    page = open_page("/")
    page.context.add_init_script(SHIFTS)
    names = ("change", "history", "delete")
    paths = [LIST, f"{LIST}add/", f"{LIST}add/?kind=ecr", *(f"{LIST}{row.pk}/{n}/" for n in names)]
    site = page.url.rstrip("/")

    def shifts() -> dict[str, float]:
        result = {}
        for path in ("/", *paths, "/admin/registries/check/", f"{LIST}?view=table"):
            page.goto(site + path)
            result[path] = page.evaluate("window.shifted")
        return result

    assert {path: shift for path, shift in shifts().items() if shift >= 0.1} == {}
    page.route("**/sidebar.js", lambda route: route.abort())
    assert max(shifts().values()) > 0.1, "the twin: as Django does"


def test_the_form_has_its_width_before_what_stands_beside_it_has_arrived(
    open_page: type_of_open,
) -> None:
    """A slow connection or machine shows the form first; it was as wide as the page until then."""
    fill()
    row = Registry.objects.get(name="Lab registry")
    Registry.objects.filter(pk=row.pk).update(handover="any")
    page = open_page(LIST)
    site = page.url
    for path in (f"{row.pk}/change/", f"{row.pk}/hand-over/?for=kubernetes", "add/?kind=ecr"):
        page.goto(site + path)
        main = page.locator(".reg-formmain")
        loaded = main.bounding_box()
        main.evaluate("main => { while (main.nextSibling) main.nextSibling.remove(); }")
        assert main.bounding_box() == loaded, path
        assert loaded
        assert loaded["width"] < 900, f"{path}: nothing stands beside it"


def test_list(open_page: type_of_open) -> None:
    fill()
    Registry._base_manager.filter(name="Lab registry").update(verify_tls=False, key_id="ffffffff")
    page = open_page(LIST)
    columns = "getComputedStyle(document.querySelector('.reg-tiles')).gridTemplateColumns"
    for width, count in {1920: 4, 1280: 2, 768: 2, 360: 1}.items():
        page.set_viewport_size({"width": width, "height": 800})
        assert len(page.evaluate(columns).split()) == count, width
    first, heading = (page.locator(item).first.bounding_box() for item in (".reg-tile", "h1"))
    assert first["y"] - heading["y"] < 300, "so much is for controls on a phone"  # type: ignore[index]
    assert_fit(page, "tiles")
    page.locator(".reg-filters summary").first.click()
    assert_fit(page, "an open filter")
    page.goto(f"{page.url}?view=table")
    assert_fit(page, "table")
    page.goto(f"{page.url}?q=nothing-like-it")
    assert_fit(page, "nothing found")
    for image in ("acme/app", "NOT AN IMAGE", "nobody.example/app"):
        page.goto(f"{page.url.split('?')[0].removesuffix('image/')}image/?image={image}")
        assert_fit(page, f"which registry reads {image}")


def test_import(open_page: type_of_open) -> None:
    """From the list over an error and the plan to what was added."""
    create("ghcr", name="Mine", username="johndoe", token="fake-other")
    page = open_page(LIST)
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("Or paste its text:").fill('{"auths": {"ghcr.io/a": {"auth": "eDp5"}}}')
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_text("several programs").wait_for()
    assert_fit(page, "which program")
    page.get_by_label("Program:").select_option("docker")
    page.get_by_label("File:").set_input_files(SAMPLES_TO_IMPORT / "docker.json")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Add what is ticked").wait_for()
    assert_fit(page, "the plan")
    page.get_by_label("ghcr.io/acme").check()
    page.get_by_label("quay.example").uncheck()
    page.get_by_role("button", name="Add what is ticked").press("Enter")
    page.get_by_role("heading", name="Added 7 registries").wait_for()
    assert_fit(page, "what was added")
    page.get_by_role("link", name="ghcr.io/acme").wait_for()
    page.reload()
    page.get_by_role("heading", name="Added 7 registries").wait_for()
    assert Registry.objects.filter(is_default=False).count() == 8


# What of the table is not seen without scrolling it sideways, or has no room to be read.
CUT = """
() => {
    const wrap = document.querySelector('.reg-tablewrap');
    const end = wrap.getBoundingClientRect().left + wrap.clientLeft + wrap.clientWidth;
    const isCut = each => each.getBoundingClientRect().right > end
        || each.closest('td, th').clientWidth < 50;
    const shown = ':is(button, a, .reg-badge, .reg-verdict, .reg-history, .reg-host)';
    const all = [...wrap.querySelectorAll(`tbody ${shown}`)];
    const cut = all.filter(each => each.getClientRects().length).filter(isCut);
    return cut.map(each => each.textContent.trim());
}
"""


FEET = """
() => [...new Set([...document.querySelectorAll('.reg-tile__foot')].map(each => each.clientHeight))]
"""


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_of_the_table_is_cut_off(
    open_page: type_of_open, settings: Any, language: str
) -> None:
    settings.LANGUAGE_CODE = language
    fill()
    host = ".".join(["host" * 8] * 4)
    unbroken = create("custom", name="n" * 100, url=f"https://{host}", handover="any")
    create("ecr", name="Words " * 16, prefix="123456789012.dkr.ecr.eu-west-1.amazonaws.com/a" * 2)
    Registry._base_manager.filter(pk=unbroken.pk).update(verify_tls=False, key_id="ffffffff")
    page = open_page(f"{LIST}?view=table")
    assert page.locator("html").get_attribute("lang") == language
    for width in (1920, 1440, 1366, 1280, 1024, 768, 640, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(CUT) == [], width
        if width in {1920, 1366, 1280}:
            bar = page.locator(".reg-toolbar").bounding_box()
            assert bar["height"] < 50, f"the toolbar has one line at {width}"  # type: ignore[index]
    # The twin: a table that is as wide as its words ask for.
    page.add_style_tag(content=".reg-table { min-width: 60rem !important }")
    assert page.evaluate(CUT) != []
    page.goto(f"{page.url}?view=tiles")
    for width in (1440, 1366, 1280, 768):
        page.set_viewport_size({"width": width, "height": 800})
        assert len(page.evaluate(FEET)) == 1, f"the buttons of each tile have one line at {width}"


# What of a page stands beyond what holds it.
BEYOND = """
() => [...document.querySelectorAll('.reg-tile, fieldset, .reg-group, .reg-status, main')]
    .flatMap(box => [...box.querySelectorAll('a, b, h1, p, code, input, select, .readonly')]
        .filter(each => each.getClientRects().length && !each.closest('.reg-filters'))
        .filter(each => each.getBoundingClientRect().right > box.getBoundingClientRect().right))
    .map(each => `${each.tagName} ${each.textContent}`)
"""


def test_words_without_a_space_stay_in_their_place(
    open_page: type_of_open, settings: Any, django_user_model: type
) -> None:
    from django.contrib.auth.models import Permission

    settings.LANGUAGE_CODE = "de"  # whose own words are long
    user = django_user_model.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_registry"))
    host = ".".join(["host-" * 6 + "x"] * 4)
    url = f"https://{host}:5000/{'p' * 90}"
    row = create("custom", name="n" * 100, login="l" * 100, url=url, handover="any")
    create("hub", name="Words " * 16, prefix="docker.io/" + "/".join(["team"] * 20))
    past(row, ["timeout"])
    for who, pages in {None: ["change", "history", "delete"], user: ["change"]}.items():
        page = open_page(LIST, *([who] if who else []))
        site = page.url.split("/admin")[0]
        for path in (LIST, *(f"{LIST}{row.pk}/{name}/" for name in pages)):
            page.goto(site + path)
            for width in (1280, 768, 360):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate(BEYOND) == [], (path, width)
    # The twin
    page.add_style_tag(content="#content * { overflow-wrap: normal !important }")
    assert page.evaluate(BEYOND) != []


# Where a message stands beside its field, from the left.
BESIDE = """
() => [...document.querySelectorAll('.form-row:has(> .errorlist)')]
    .filter(row => row.getClientRects().length)
    .map(row => row.querySelector('.errorlist li').getBoundingClientRect().left
        - row.querySelector('input:not([type=radio]), select').getBoundingClientRect().left)
"""


# How far below its field a help stands, and beside it, however many lines its label takes.
BELOW = """
() => [...document.querySelectorAll('.form-row > div > .help')]
    .filter(help => help.getClientRects().length)
    .map(help => {
        const line = help.previousElementSibling;
        line.querySelector('label').append(' and some more words that take another line');
        const field = line.querySelector('label').nextElementSibling.getBoundingClientRect();
        const place = help.getBoundingClientRect();
        return [place.top - field.bottom, Math.abs(place.left - field.left)];
    })
"""


def test_messages_and_help_stand_at_their_fields(open_page: type_of_open) -> None:
    page = open_page(f"{LIST}add/?kind=ecr")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".errors").first.wait_for()
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        places = page.evaluate(BESIDE)
        assert len(places) > 1
        assert {round(place) for place in places} == {0}, width
        assert page.evaluate(BEYOND) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(page.url.replace("ecr", "custom"))
    places = page.evaluate(BELOW)
    assert len(places) > 4
    assert max(below for below, _beside in places) < 8
    assert max(beside for _below, beside in places) == 0


# An empty one is the choice of a kind; the others have ways to sign in, a choice, a long secret.
@pytest.mark.parametrize("kind", ["", "custom", "ecr", "gcr"])
def test_adding(open_page: type_of_open, kind: str) -> None:
    page = open_page(f"{LIST}add/" + (f"?kind={kind}" if kind else ""))
    if kind:
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator(".errors").first.wait_for()
    assert_fit(page, f"adding {kind}")


def test_pages_of_a_row(open_page: type_of_open) -> None:
    row = create("custom", name="A long name that " + "goes on " * 8, url="http://127.0.0.1:1")
    page = open_page(f"{LIST}{row.pk}/change/")
    page.get_by_role("radio", name="Clear").check()
    assert_fit(page, "the form")
    page.get_by_role("radio", name="Keep").check()
    page.get_by_role("button", name="Check", exact=True).click()
    page.locator(".reg-result").wait_for()
    assert_fit(page, "a result")
    for name in ("history", "delete"):
        page.goto(page.url.split("/admin")[0] + f"{LIST}{row.pk}/{name}/")
        assert_fit(page, name)
    page.goto(page.url.split("/admin")[0] + LIST)
    page.get_by_label("Select all").check()
    for action in ("check_selected", "reset_selected"):
        page.get_by_label("Action:").select_option(action)
        page.get_by_role("button", name="Go", exact=True).click()
        page.locator("#content-main").wait_for()
        assert_fit(page, action)
        page.go_back()


def test_handing_over(open_page: type_of_open) -> None:
    rows = [
        create("custom", name="A long name that " + "goes on " * 8, handover="any"),
        create("ghcr", prefix="ghcr.io/" + "acme/" * 20 + "acme", handover="any"),
        create("quay"),
    ]
    page = open_page(f"{LIST}{rows[0].pk}/hand-over/?for=kubernetes")
    assert_fit(page, "how, of one")
    chosen = ",".join(str(row.pk) for row in rows)
    site = page.url.split("/admin")[0]
    page.goto(f"{site}{LIST}hand-over/?registries={chosen}&for=docker")
    assert_fit(page, "why not, of several")


def test_the_audit(open_page: type_of_open) -> None:
    fill()
    page = open_page("/admin/registries/check/?verdict=valid")
    assert_fit(page, "the audit")
    assert page.evaluate(BEYOND) == []
    page.locator(".reg-log a").first.click()
    page.get_by_role("link", name="All checks").wait_for()
    assert_fit(page, "a check")


def test_a_viewer(open_page: type_of_open, django_user_model: type) -> None:
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_registry"))
    row = create("custom")
    assert_fit(open_page(LIST, user), "the list of a viewer")
    assert_fit(open_page(f"{LIST}{row.pk}/change/", user), "the form of a viewer")


def test_pages_around_the_admin(open_page: type_of_open) -> None:
    assert_fit(open_page("/"), "home")
    assert_fit(open_page("/", None), "home for anybody")
    assert_fit(open_page("/admin/login/", None), "login")
    assert_fit(open_page("/no/such/page"), "404")
    page = open_page("/api/docs/", color_scheme="dark")
    # As Swagger UI does, which is not installed here.
    page.add_style_tag(content="html.dark-mode { background: #1c2022 }")
    page.evaluate("document.documentElement.classList.add('dark-mode')")
    grounds = "['html', 'body'].map(each => getComputedStyle(document.querySelector(each)))"
    assert len(set(page.evaluate(f"{grounds}.map(each => each.backgroundColor)"))) == 1
    assert_fit(page, "the API's page")
    assert_fit(open_page("/api/registries/"), "a list of the API")


# What stands closer to one side than to the other, and how far it is from where it begins.
BEGINNINGS = """
() => {
    const names = ['#searchbar', '.reg-howto ol li', '.reg-form .help', '.reg-form .aligned label'];
    const found = names.map(name => document.querySelector(name)).filter(Boolean);
    const styles = found.map(each => getComputedStyle(each));
    return styles.map(style => [style.paddingInlineStart, style.marginInlineStart]);
}
"""
# How far to the right of its first character an English sentence has its full stop.
END = """
name => {
    const text = document.querySelector(name).firstChild;
    const range = document.createRange();
    range.setStart(text, 0);
    range.setEnd(text, 1);
    const first = range.getBoundingClientRect().left;
    range.setStart(text, text.length - 1);
    range.setEnd(text, text.length);
    return range.getBoundingClientRect().left - first;
}
"""


def test_from_right_to_left_everything_begins_on_the_other_side(
    open_page: type_of_open, settings: Any
) -> None:
    row = create("custom")
    seen = {}
    for language in ("en", "ar"):
        settings.LANGUAGE_CODE = language
        page = open_page(LIST)
        lists = page.evaluate(BEGINNINGS)
        assert page.evaluate(END, ".reg-sentence") > 0, language
        page.goto(f"{page.url}{row.pk}/change/")
        seen[language] = [*lists, *page.evaluate(BEGINNINGS)]
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert len(seen["en"]) == 4
    assert seen["ar"] == seen["en"]


# Whose words do not fit into what holds them: the text of buttons, labels, badges and headings.
CLIPPED = """
() => [...document.querySelectorAll(
    'button, input[type=submit], label, h1, h2, th, .reg-badge, .reg-verdict, a.reg-button')]
    .filter(each => each.getClientRects().length && !each.matches('.visually-hidden'))
    .filter(each => getComputedStyle(each).overflow !== 'visible')
    .filter(each => each.scrollWidth > each.clientWidth + 1)
    .map(each => `${each.tagName} ${each.textContent || each.value}`)
"""


@pytest.mark.parametrize("language", dict(LANGUAGES))
def test_words_of_every_language_fit_on_a_phone(
    open_page: type_of_open, settings: Any, language: str
) -> None:
    settings.LANGUAGE_CODE = language
    fill()
    row = Registry.objects.get(kind="custom")
    past(row, ["timeout"])
    page = open_page(LIST)
    page.set_viewport_size({"width": 360, "height": 800})
    paths = ("", "?view=table", "add/", "add/?kind=acr", f"{row.pk}/change/", f"{row.pk}/history/")
    for path in paths:
        page.goto(page.url.split(LIST)[0] + LIST + path)
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert page.evaluate(BEYOND) == [], path
        assert page.evaluate(CLIPPED) == [], path
    # The twin
    page.add_style_tag(content="h1 { width: 2rem; overflow: hidden; white-space: nowrap }")
    assert page.evaluate(CLIPPED) != []
