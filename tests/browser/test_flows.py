"""What an operator does, in a browser, with and without JavaScript."""

import re
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from registries.admin.bulk import FEW
from registries.models import Registry
from ssmsite.csp import POLICY
from tests.browser.conftest import type_of_open
from tests.factories import create
from tests.fakes.server import FakeServer, Reply, Request
from tests.real.account import Account
from tests.real.conftest import Filled

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/registries/registry/"
NO_SCRIPT = {"java_script_enabled": False}


def tile(page: Page, name: str) -> Any:
    return page.locator(".reg-tile", has=page.get_by_role("heading", name=name, exact=True))


def test_home_leads_who_has_not_signed_in_to_the_api(
    open_page: type_of_open, django_user_model: Any
) -> None:
    django_user_model.objects.create_superuser("sam", password="fake-password")
    page = open_page("/", None)
    page.get_by_role("link", name="API for programs").click()
    page.get_by_label("Username:").fill("sam")
    page.get_by_label("Password:").fill("fake-password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="API for programs")).to_be_visible()


def test_pages_come_with_the_policy(open_page: type_of_open) -> None:
    """What it refuses would fail any of these tests."""
    page = open_page(LIST)
    assert page.request.get(page.url).headers["content-security-policy"] == POLICY


def test_add_a_registry_check_it_save_it(
    open_page: type_of_open, registry: Filled, account: Account
) -> None:
    """From the list to a registry that works, without ever leaving the form to check."""
    page = open_page(LIST)
    page.get_by_role("link", name="Add registry").click()
    page.get_by_role("link", name="Self-hosted registry").click()
    page.get_by_label("Address:").fill(registry.origin)
    expect(page.locator(".reg-answers")).to_have_text(registry.origin.removeprefix("http://"))
    page.get_by_label("Login:").fill(account.username)
    page.get_by_label("Password or access token:").fill("wrong")
    page.get_by_role("button", name="Check", exact=True).click()
    result = page.locator("#check-result")
    expect(result).to_contain_text("Rejected")
    expect(result).to_contain_text("Enter them again")
    assert not Registry.objects.filter(kind="custom").exists()
    # What was typed is still there.
    assert page.get_by_label("Password or access token:").input_value() == "wrong"
    page.get_by_label("Password or access token:").fill(account.password)
    page.get_by_label("Image to try:").fill("team/app:1.0")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(result).to_contain_text("Valid")
    page.get_by_label("Name:").fill("Lab")
    page.get_by_role("button", name="Save and check").click()
    expect(page.locator(".reg-result")).to_contain_text("The registry accepted these credentials.")
    assert Registry.objects.get(name="Lab").check_verdict == "valid"
    status = page.locator(".reg-status")
    expect(status).to_contain_text("Next check in")
    status.evaluate("each => each.classList.add('is-old')")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator(".reg-status:not(.is-old)")).to_contain_text("Next check in")
    expect(status).to_have_count(1)
    page.get_by_role("link", name="Registries", exact=True).first.click()
    expect(tile(page, "Lab")).to_contain_text("Valid")


def test_a_check_of_a_form_with_errors_says_where(open_page: type_of_open) -> None:
    page = open_page(f"{LIST}add/?kind=custom")
    page.get_by_label("Address:").fill("ftp://registry.example")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator(".field-url .errorlist")).to_contain_text("Enter an address")
    expect(page.locator(".field-login .errorlist")).to_contain_text("another way to sign in")
    expect(page.locator(".field-name .errorlist")).to_have_count(0)
    page.get_by_label("No sign-in (public images only)").check()
    page.get_by_label("Address:").fill("http://127.0.0.1:1")
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#check-result")).to_contain_text("refused the connection")
    expect(page.locator(".errorlist")).to_have_count(0)


@pytest.mark.parametrize("options", [{}, NO_SCRIPT], ids=["script", "no script"])
def test_a_way_to_sign_in_shows_its_fields(
    open_page: type_of_open, options: dict[str, Any]
) -> None:
    page = open_page(f"{LIST}add/?kind=hub", **options)
    fields = {
        "Login and access token": {"login", "password"},
        "Auth string": {"auth"},
        "Login and separate token": {"login", "token"},
        "No sign-in": set(),
    }
    for way, visible in fields.items():
        page.get_by_role("radio", name=re.compile(f"^{way}")).check()
        for name in ("login", "password", "auth", "token"):
            assert page.locator(f"#id_{name}").is_visible() == (name in visible), (way, name)


def test_add_check_reset_and_delete_without_script(
    open_page: type_of_open, registry: Filled, account: Account
) -> None:
    page = open_page(f"{LIST}add/?kind=custom", **NO_SCRIPT)
    page.get_by_label("Address:").fill(registry.origin)
    page.get_by_label("Login:").fill(account.username)
    page.get_by_label("Password or access token:").fill(account.password)
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#check-result")).to_contain_text("Valid")
    expect(page.locator(".field-password")).to_contain_text("Enter it again")
    # As wide as any other field, and the hint is no error where nothing failed.
    boxes = [page.locator(name).bounding_box() for name in ("#id_login", "#id_password")]
    assert len({box and round(box["width"]) for box in boxes}) == 1
    hint = page.locator(".reg-secret__again")
    colour = "each => getComputedStyle(each).color"
    assert hint.evaluate(colour) == page.locator(".field-password .help").evaluate(colour)
    page.get_by_label("Name:").fill("Lab")
    page.get_by_label("Password or access token:").fill(account.password)
    page.get_by_role("button", name="Save", exact=True).click()
    tile(page, "Lab").get_by_role("button", name="Check").click()
    expect(page.locator(".reg-result")).to_contain_text("Valid")
    tile(page, "Lab").get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete 1 registry").click()
    expect(page.locator(".reg-tiles")).not_to_contain_text("Lab")
    tile(page, "Docker Hub").get_by_role("link", name="Configure").click()
    page.get_by_role("radio", name=re.compile("^Login and access token")).check()
    page.get_by_label("Login:").fill("acmebot")
    page.get_by_label("Access token or password:").fill("fake")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(tile(page, "Docker Hub")).to_contain_text("Authenticated")
    tile(page, "Docker Hub").get_by_role("link", name="Reset").click()
    page.get_by_role("button", name="Reset 1 registry").click()
    expect(tile(page, "Docker Hub")).to_contain_text("Anonymous")


def test_a_secret_is_kept_replaced_or_cleared(open_page: type_of_open, row: Registry) -> None:
    page = open_page(f"{LIST}{row.pk}/change/")
    expect(page.locator(".reg-secret__state").first).to_contain_text("Set since")
    secret = page.locator("#id_password")
    assert secret.is_hidden()
    # Another address asks for the secret by itself.
    page.get_by_label("Address:").fill("https://other.example")
    assert secret.is_visible()
    page.get_by_label("Address:").fill(row.url)
    page.get_by_role("radio", name="Keep").check()
    page.get_by_label("Name:").fill("Kept")
    page.get_by_role("button", name="Save", exact=True).click()
    stored_row = Registry.objects.get(pk=row.pk)
    assert stored_row.name == "Kept"
    assert stored_row.values() == row.values()
    page.goto(page.url.split("/admin")[0] + f"{LIST}{row.pk}/change/")
    page.get_by_role("radio", name="Replace").check()
    secret.fill("new")
    page.get_by_role("button", name="Save", exact=True).click()
    assert Registry.objects.get(pk=row.pk).values()["password"] == "new"
    page.goto(page.url.split("/admin")[0] + f"{LIST}{row.pk}/change/")
    page.get_by_role("radio", name=re.compile("^No sign-in")).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(tile(page, "Kept")).to_contain_text("Anonymous")
    assert Registry.objects.get(pk=row.pk).plain_values() == {"url": row.url}


def test_what_a_row_will_be_used_for_follows_typing(open_page: type_of_open) -> None:
    create("ecr", name="Ours", region="eu-west-1")
    page = open_page(f"{LIST}add/?kind=ecr")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    answers, rivals = page.locator(".reg-answers"), page.locator(".reg-rivals")
    page.get_by_label("Secret access key:").fill("fake-secret")
    page.get_by_label("Region:").select_option("eu-west-1")
    expect(answers).to_contain_text("*.dkr.ecr.eu-west-1.amazonaws.com")
    expect(rivals).to_contain_text("“Ours” is used for all of these images")
    page.get_by_label("Region:").select_option("cn-north-1")
    expect(answers).to_contain_text("*.dkr.ecr.cn-north-1.amazonaws.com.cn")
    expect(rivals).to_have_count(0)
    page.get_by_label("Only for images under:").fill("public.ecr.aws/acme")
    expect(answers).to_have_text("public.ecr.aws/acme")
    assert "region=cn-north-1" in "".join(sent)
    assert "fake-secret" not in "".join(sent), "secrets stay in the browser until they are saved"


def test_the_view_is_remembered_and_selection_works_in_both(
    open_page: type_of_open, row: Registry
) -> None:
    page = open_page(LIST)
    for view in ("Tiles", "Table"):
        page.get_by_role("link", name=view).click()
        page.goto(page.url.split("?")[0])
        assert page.locator("#result_list").is_visible() == (view == "Table")
        boxes = page.locator(".action-select")
        boxes.nth(0).click()
        boxes.nth(2).click(modifiers=["Shift"])
        expect(page.locator(".action-counter")).to_have_text("3 of 6 selected")
        page.get_by_label("Select all").check()
        expect(page.locator(".action-counter")).to_have_text("6 of 6 selected")


def test_all_pages_are_offered_once_this_one_is_selected(open_page: type_of_open) -> None:
    Registry.objects.bulk_create(
        Registry(kind="custom", name=f"r{number}", name_key=f"r{number}", url="http://127.0.0.1:1")
        for number in range(50)
    )
    page = open_page(LIST)
    across = page.get_by_role("button", name="Select all 55 registries")
    assert across.is_hidden()
    page.get_by_label("Select all").check()
    across.click()
    expect(page.locator(".action-counter")).to_have_text("All 55 selected")
    # Neither does anything without a script.
    page = open_page(LIST, **NO_SCRIPT)
    assert page.locator(".action-select").first.is_visible()
    assert page.get_by_text("Select all", exact=False).filter(visible=True).count() == 0


def test_filters_close_on_escape(open_page: type_of_open) -> None:
    page = open_page(LIST)
    kind = page.locator(".reg-filters summary", has_text="Kind")
    kind.click()
    assert page.get_by_role("link", name="Gitea", exact=True).is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("link", name="Gitea", exact=True).is_hidden()
    kind.click()
    page.locator(".reg-filters").get_by_role("link", name="Quay", exact=True).click()
    expect(page.locator(".reg-tile")).to_have_count(1)


@pytest.mark.parametrize("options", [{}, NO_SCRIPT], ids=["script", "no script"])
def test_check_selected_ends_with_a_summary(
    open_page: type_of_open, row: Registry, options: dict[str, Any]
) -> None:
    """More rows than fit on a screen come as they end; the progress gives way to the summary."""
    # Nothing listens at port 1.
    others = [create("custom", url="http://127.0.0.1:1") for _ in range(FEW + 1)]
    page = open_page(f"{LIST}?kind__exact=custom", **options)
    for box in page.locator(".action-select").all():
        box.check()
    page.get_by_label("Action:").select_option("check_selected")
    page.get_by_role("button", name="Go", exact=True).click()
    summary = page.locator(".reg-stream__summary")
    expect(summary).to_contain_text(f"Checked {len(others) + 1} registries")
    expect(summary).to_contain_text("1 fine")
    expect(summary).to_contain_text(f"{len(others)} need attention")
    expect(page.locator(".reg-checkline")).to_have_count(len(others) + 1)
    assert page.locator(".reg-progress:visible").count() == 0
    assert page.locator(".reg-progress").count() == (len(others) + 2 if options else 1)
    # What failed comes first, and each line has its steps behind it.
    places = [
        page.locator(f".reg-checkline.is-{tone}").first.bounding_box() for tone in ("bad", "ok")
    ]
    assert places[0]["y"] < places[1]["y"]  # type: ignore[index]  # both are shown
    steps = page.locator(".reg-checkline.is-ok .reg-steps")
    assert steps.is_hidden()
    page.locator(".reg-checkline.is-ok summary").click()
    expect(steps).to_be_visible()
    page.get_by_role("radio", name="Fine").check()
    expect(page.locator(".reg-checkline:visible")).to_have_count(1)
    page.get_by_role("button", name="Check the failed ones again").click()
    expect(summary).to_contain_text(f"Checked {len(others)} registries")
    page.get_by_role("link", name="Back to all registries").click()
    assert Registry.objects.get(pk=row.pk).check_verdict == "valid"


def test_a_bulk_check_shows_who_waits_moves_nothing_aside_and_is_stopped(
    open_page: type_of_open,
) -> None:
    Registry._base_manager.all().delete()
    answer = Event()

    def wait(_request: Request) -> Reply:
        answer.wait(5)
        return Reply(200, b"{}")

    with FakeServer(wait) as server:
        for number in range(FEW + 1):
            create("custom", name=f"Lab {number}", url=server.origin)
        page = open_page(LIST)
        page.get_by_role("button", name="Check all").click()
        lines = page.locator(".reg-checkline.is-waiting")
        expect(lines).to_have_count(FEW + 1)
        expect(lines.first).to_contain_text("Lab 0")
        # The sidebar and the button for the colours are there and work.
        expect(page.locator("#nav-sidebar")).to_be_visible()
        page.wait_for_load_state("load")  # then Django's script knows the button
        page.locator(".theme-toggle").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_role("link", name="Stop").click()
        expect(page.locator(".reg-stream__stopped")).to_contain_text("Stopped.")
        expect(page.locator(".reg-progress")).to_be_hidden()
        answer.set()
        expect(lines).to_have_count(FEW + 1)


def test_the_form_helps_while_it_is_filled_in(open_page: type_of_open, tmp_path: Path) -> None:
    page = open_page(f"{LIST}add/?kind=custom")
    expect(page.locator("#id_name")).to_be_focused()
    page.get_by_label("Address:").fill("https://lab.example:5000/v2")
    expect(page.locator("#id_name")).to_have_value("lab.example:5000")
    secret = page.locator("#id_password")
    secret.fill("fake")
    page.locator(".field-password .reg-look").click()
    expect(secret).to_have_attribute("type", "text")
    # Whoever leaves is asked, and stays.
    requests = []
    page.once("dialog", lambda dialog: (requests.append(dialog.type), dialog.accept()))
    page.goto(page.url.replace("custom", "gcr"))
    assert requests == ["beforeunload"]
    file = tmp_path / "key.json"
    file.write_text('{"client_email": "me@example.com", "private_key": "fake key"}')
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("#id_clientemail")).to_have_value("me@example.com")
    expect(page.locator("#id_privatekey")).to_have_value("fake key")


def test_everything_by_keyboard(
    open_page: type_of_open, registry: Filled, account: Account
) -> None:
    """Adding a registry and deleting it again, with Tab, arrows, Space and Enter alone."""
    page = open_page(LIST)

    def tab_to(selector: str) -> None:
        for _ in range(80):
            if not page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                page.keyboard.press("Tab")
            if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none" or "radio" in selector
                return
        pytest.fail(f"no way to {selector} by Tab")

    tab_to("a.reg-btn--primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/add/")
    tab_to("a[href='?kind=custom']")
    page.keyboard.press("Enter")
    page.wait_for_url("**kind=custom")
    for selector, text in (
        ("#id_name", "Typed"),
        ("#id_url", registry.origin),
        (".reg-method input", ""),
        ("#id_login", account.username),
        ("#id_password", account.password),
    ):
        tab_to(selector)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(tile(page, "Typed")).to_be_visible()
    page.locator("#searchbar").focus()
    tab_to("a[href*='/delete/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/delete/**")
    tab_to(".reg-btn--danger")
    page.keyboard.press("Space")
    expect(page.locator(".messagelist")).to_contain_text("deleted")
    assert not Registry.objects.filter(name="Typed").exists()


def test_what_is_handed_over_is_copied_and_downloaded_and_never_shown(
    open_page: type_of_open,
) -> None:
    row = create("custom", name="Lab", handover="any", password="fake-handed-over")
    page = open_page(f"{LIST}{row.pk}/change/", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Hand over").click()
    page.get_by_role("link", name=re.compile("^Argo CD")).click()
    message = page.locator(".reg-take__told")
    page.locator("[data-take]").click()
    expect(message).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "johndoe:fake-handed-over"
    page.get_by_role("link", name="Kubernetes", exact=True).click()
    page.get_by_label("Namespace:").fill("Team A")
    expect(page.locator("#reg-step-2")).to_contain_text("--namespace default")
    page.locator("[data-take]").click()
    expect(page.locator(".errorlist")).to_contain_text("lower-case letters")
    page.get_by_label("Namespace:").fill("team-a")
    page.get_by_label("Name:", exact=True).fill("pull")
    expect(page.locator("#reg-step-1")).to_have_text("kubectl apply --server-side -f pull.yaml")
    button = page.get_by_role("button", name="Download pull.yaml")
    with page.expect_download() as download:
        button.dblclick()
    assert download.value.suggested_filename == "pull.yaml"
    assert "namespace: team-a" in download.value.path().read_text()
    expect(message).to_contain_text("Your browser saves the file.")
    assert "fake-handed-over" not in page.content()
    assert row.handovers.count() == 2, "a double click takes it once"
    page.reload()
    expect(page.locator(".reg-last")).to_contain_text("Last handed over just now")
    # Where there is no clipboard, over plain HTTP.
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.reload()
    page.evaluate(
        "addEventListener('copy', each => { window.put = each.clipboardData.types.length })"
    )
    page.locator("[data-take]").click()
    expect(message).to_contain_text("Copied")
    assert page.evaluate("window.put") == 1
    Registry.objects.update(handover="none")
    page.locator("[data-take]").click()
    expect(page.locator("#content-main")).to_contain_text("cannot be handed over now")


def test_credentials_are_downloaded_without_script(open_page: type_of_open) -> None:
    row = create("custom", name="Lab", handover="any")
    page = open_page(f"{LIST}{row.pk}/hand-over/?for=docker", **NO_SCRIPT)
    expect(page.locator("[data-take]")).to_be_hidden()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download config.json").click()
    assert download.value.suggested_filename == "config.json"
