"""What the operator's screens show and do, apart from a browser."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection, connections
from django.template.loader import render_to_string
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

import registries
from registries import conf, outbox
from registries.admin.bulk import FEW
from registries.admin.display import LOOKS, STATES, TONES, ShownResult, Trend, answers, shown_steps
from registries.admin.status import overview, past_verdicts
from registries.explanations import EXPLANATIONS, VERDICTS
from registries.forms import form_class
from registries.kinds import KINDS, Kind
from registries.models import Check, GoneReceiver, Notification, Registry
from registries.models.results import PLACEHOLDER, CheckResult
from registries.verdicts import CODES, STEPS, Step, Verdict
from tests.browser.samples import past
from tests.factories import SAMPLES, build, create
from tests.fakes.server import FakeServer, Reply, Request
from tests.screens import ADD, LIST, default, page, text_of, user_with

pytestmark = pytest.mark.django_db

OPEN = {"Docker-Distribution-Api-Version": "registry/2.0"}

PACKAGE = Path(registries.__file__).parent
ROOT = PACKAGE.parent


@pytest.fixture
def admin(admin_client: Client) -> Client:
    return admin_client


def let_in(request: Request) -> Reply:
    """A registry with the account johndoe:right, by Basic."""
    if request.headers.get("Authorization") == "Basic am9obmRvZTpyaWdodA==":
        return Reply(200, b"{}", {"Docker-Distribution-Api-Version": "registry/2.0"})
    return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="x"'})


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(let_in) as running:
        yield running


def typed(server: FakeServer, **more: str) -> dict[str, str]:
    return {"name": "Lab", "url": server.origin, "login": "johndoe", "password": "right", **more}


# The vocabulary


def test_every_verdict_kind_and_tone_has_its_look() -> None:
    icons = render_to_string("registries/icons.html")
    assert set(LOOKS) == {*Verdict, ""}
    for look in (*LOOKS.values(), *STATES.values()):
        assert f'id="reg-{look.icon}"' in icons
    assert {look.tone for look in LOOKS.values()} == {*TONES, "none"}
    marks = {path.stem for path in (PACKAGE / "static/registries/marks").glob("*.svg")}
    assert marks == set(KINDS)


def test_no_page_has_script_or_style_of_its_own() -> None:
    """A Content-Security-Policy may forbid both."""
    inline = re.compile(
        r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", re.IGNORECASE
    )
    files = [*PACKAGE.glob("templates/**/*.html"), *ROOT.glob("templates/**/*.html")]
    match = [str(path) for path in files if inline.search(path.read_text())]
    assert len(files) > 20
    assert match == []
    for bad in ("<p style='x'>", "<script>", '<a onclick="x">'):
        assert inline.search(bad)


@pytest.mark.parametrize(
    ("slug", "columns", "expected"),
    [
        ("hub", {}, "docker.io, dhi.io"),
        ("hub", {"prefix": "docker.io/acme"}, "docker.io/acme"),
        ("custom", {}, "registry.example:5000"),
        ("gcr", {}, "gcr.io, *.gcr.io and 2 more"),
        ("ecr", {"region": "cn-north-1"}, "*.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("ecr", None, "public.ecr.aws, ecr-public.aws.com"),
    ],
)
def test_what_a_row_answers_for(slug: str, columns: dict[str, str] | None, expected: str) -> None:
    """columns: None for the default row."""
    row = default(slug) if columns is None else build(slug, **columns)
    assert answers(row).startswith(expected)


def test_a_trend_tells_the_same_to_who_cannot_see_it() -> None:
    trend = Trend.of(["timeout", "valid", "throttled"][:0])
    assert (set(trend.marks), trend.label) == ({"none"}, "No checks yet")
    trend = Trend.of(["rejected", "valid", "throttled", *["valid"] * 30])
    assert len(trend.marks) == 20
    assert trend.marks[-3:] == ("warn", "ok", "bad")
    assert trend.label == "Last 20 checks, oldest first: 18 fine, 1 unsure, 1 failed"
    assert trend.short == "18 of 20 fine"


def test_the_steps_of_a_check_and_what_was_not_tried() -> None:
    failed = list(shown_steps([Step("name", True, 0.01), Step("tls", False, 0.03)]))
    assert [step.look.tone for step in failed] == ["ok", "bad", "skip", "skip", "skip"]
    assert [step.time for step in failed[:2]] == ["10 ms", "30 ms"]
    assert (failed[1].start, failed[1].width) == (25, 75)
    worked = list(shown_steps([Step("registry", True, 0.01), Step("credentials", True, 1.5)]))
    assert [step.time for step in worked] == ["10 ms", "1.5 s"]
    rounded = list(shown_steps([Step("registry", True, 0.9994), Step("credentials", True, 0.9996)]))
    assert [step.time for step in rounded] == ["999 ms", "1.0 s"]
    every = [Step(slug, True, 0.1) for slug in STEPS]
    assert len(list(shown_steps(every))) == len(STEPS)
    assert list(shown_steps([])) == []


def test_a_certificate_that_nobody_verified_gets_no_green_tick() -> None:
    result = CheckResult(
        Verdict.VALID, "signed_in", timezone.now(), steps=(Step("tls", True, 0.1),)
    )
    tones = [
        ShownResult(build("custom", verify_tls=verify_tls), result).steps[0]
        for verify_tls in (True, False)
    ]
    assert [(str(step.label), step.look.tone) for step in tones] == [
        ("TLS", "ok"),
        ("TLS, not verified", "warn"),
    ]


def test_what_could_not_be_found_out_of_strangers_is_no_failure() -> None:
    """Nor is it told of a check that failed that no stranger was tried: hardly any check does."""
    signed_in = Step("credentials", True, 0.1)
    tones = {
        step: [result.look.tone for result in shown_steps([signed_in, step])][-1]
        for step in (
            Step("stranger", True, 0.1),
            Step("stranger", False, 0.1),
            Step("stranger", None, 0.1),
            Step("stranger", None, 0),
        )
    }
    assert list(tones.values()) == ["ok", "bad", "warn", "skip"]
    *_before, untried = shown_steps([signed_in, Step("stranger", None, 0)])
    assert (str(untried.time), untried.width) == ("not tried", 0)
    refused = list(shown_steps([Step("credentials", False, 0.1)]))
    assert [str(step.label) for step in refused] == ["Credentials accepted", "Image readable"]
    fine = CheckResult(Verdict.VALID, "signed_in", timezone.now(), steps=(signed_in, *tones))
    for step in tones:
        result = ShownResult(build("custom"), replace(fine, steps=(signed_in, step)))
        assert result.tone == ("warn" if step.passed is False else "ok")


@pytest.mark.parametrize(
    ("kind", "heading"),
    [("custom", "Add a self-hosted registry"), ("hub", "Add Docker Hub")],
)
def test_the_heading_of_a_new_row_is_english(admin: Client, kind: str, heading: str) -> None:
    assert f"<h1>{heading}</h1>" in text_of(admin.get(f"{ADD}?kind={kind}"))


# The list


def test_a_tile_shows_what_matters(admin: Client) -> None:
    past(default("hub"), ["public", "rate_limited", "public"], pulls=(61, 100))
    row = create("custom", name="Lab", verify_tls=False)
    past(row, ["signed_in", "tls"])
    html = text_of(admin.get(LIST))
    assert "6 registries:" in html
    assert "1 fine" in html
    assert "1 needs attention" in html
    assert "4 not checked" in html
    assert "Pulls left <b>61</b> of 100" in html
    assert "TLS not verified" in html
    assert "The certificate of registry.example:5000 is not trusted." in html
    assert "Last 2 checks, oldest first: 1 fine, 1 failed" in html
    # Trouble first, then by name; a kind without a row leads to its form.
    names = re.findall(r"<h3[^>]*><a [^>]*>(.*?)</a>", html)
    assert names == ["Lab", "Amazon ECR Public", "Docker Hub", *sorted(names[3:])]
    assert f'href="{ADD}?kind=gitea"' in html
    assert f'href="{ADD}?kind=hub"' not in html


def test_rows_whose_secrets_cannot_be_read_need_attention(admin: Client, use_keys: Any) -> None:
    row = create("hub", name="Sealed")
    past(row, ["signed_in"])
    assert overview(Registry.objects.all()).fine == 1
    assert "stored secrets cannot be decrypted" not in text_of(admin.get(LIST))
    assert not admin.get(LIST, {"verdict": "attention"}).context["tiles"]
    use_keys(Fernet.generate_key())
    rows = overview(Registry.objects.all())
    assert (rows.fine, rows.attention, rows.unchecked) == (0, 1, 5)
    [tile] = admin.get(LIST, {"verdict": "attention"}).context["tiles"]
    assert (tile.row, tile.look) == (row, LOOKS[Verdict.MISCONFIGURED])
    assert "stored secrets cannot be decrypted" in tile.sentence
    html = text_of(admin.get(page(row)))
    assert "stored secrets cannot be decrypted" in html
    assert "</svg>Valid</span>" not in html
    assert not admin.get(LIST, {"verdict": "fine"}).context["tiles"]


def test_the_list_takes_the_same_queries_with_a_past_and_without(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#14: nor does it open a secret, however many there are."""
    decrypted: list[str] = []
    monkeypatch.setattr("encrypted_model_fields.fields.decrypt_str", decrypted.append)
    with CaptureQueriesContext(connection) as few:
        admin.get(LIST)
    rows = [create("custom", url=f"https://r{number}.example") for number in range(40)]
    now = datetime.now(UTC)
    Check.objects.bulk_create(
        Check(registry=row, verdict="valid", code="signed_in", checked_at=now)
        for row in rows
        for _ in range(30)
    )
    with CaptureQueriesContext(connection) as many:
        html = text_of(admin.get(LIST))
    assert len(many) == len(few)
    assert admin.get(LIST, {"all": ""}).status_code == 200
    assert decrypted == []
    assert html.count("Last 20 checks, oldest first: 20 fine") == 40
    assert {len(verdicts) for verdicts in past_verdicts(rows).values()} == {20}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "authenticated"}, {"Lab", "Sealed"}),
        ({"state": "own"}, {"Lab", "Sealed", "Public"}),
        ({"state": "file"}, {"Sealed"}),
        ({"state": "unverified"}, {"Lab"}),
        ({"state": "unreadable"}, {"Sealed"}),
        ({"verdict": "older-7"}, {"Sealed", "Public"}),
        ({"verdict": "older-30"}, {"Public"}),
        ({"verdict": "older-8"}, set()),
        ({"verdict": "valid"}, {"Lab", "Sealed"}),
        ({"verdict": "none", "state": "own"}, {"Public"}),
        ({"kind__exact": "custom"}, {"Lab", "Public"}),
        ({"q": "registry.example"}, {"Lab", "Public"}),
        ({"state": "own", "q": "lab"}, {"Lab"}),
    ],
)
def test_filters(admin: Client, query: dict[str, str], expected: set[str]) -> None:
    lab = create("custom", name="Lab", verify_tls=False)
    sealed = create("hub", name="Sealed")
    create("custom", name="Public", login=None, password=None)
    past(lab, ["signed_in"])
    past(sealed, ["signed_in"], age=timedelta(days=8))
    Registry._base_manager.filter(pk=sealed.pk).update(key_id="ffffffff", source="team.yaml")
    now = timezone.now()
    Registry._base_manager.filter(is_default=True).update(checked_at=now, check_verdict="valid")
    page = admin.get(LIST, query)
    names = {tile.row.name for tile in page.context["tiles"]}
    assert names - {row.name for row in Registry.objects.filter(is_default=True)} == expected
    # What is chosen can be taken back by itself.
    rest = page.context["without_filters"]
    assert rest == (f"?q={query['q']}" if "q" in query else "?")
    assert ("Clear the search" in text_of(page)) is ("q" in query)


def test_the_tables_headers_sort_both_ways(admin: Client) -> None:
    Registry._base_manager.exclude(kind="ecr").delete()
    past(create("custom", name="Zulu"), ["signed_in"])
    admin.get(LIST, {"view": "table"})
    both_ways = ["Amazon ECR Public", "Zulu"]
    for header, expected in (
        ("Name", both_ways),
        ("Host", both_ways),
        ("State", both_ways[::-1]),
        ("Last check", both_ways[::-1]),
    ):
        answer, firsts = admin.get(LIST), []
        for _ in range(2):
            link = re.search(rf'<a href="([^"]+)">{header}', text_of(answer))
            assert link
            answer = admin.get(LIST + link[1])
            firsts.append(answer.context["tiles"][0].row.name)
        assert firsts == expected, header
        assert text_of(answer).count("aria-sort=") == 1


def test_where_nothing_is_there_are_the_ways_to_begin_and_nothing_to_search(admin: Client) -> None:
    Registry._base_manager.all().delete()
    html = text_of(admin.get(LIST))
    assert "No registries yet" in html
    assert re.findall(r'class="reg-btn[^>]* href="([^"]+)"', html) == [
        f"{LIST}add/",
        f"{LIST}import/",
    ]
    for gone in ("searchbar", "0 registries", "Not configured"):
        assert gone not in html


def test_the_orders_of_the_list_lead_where_they_say(admin: Client) -> None:
    past(create("custom", name="Zulu"), ["signed_in"], pulls=None)
    pages = [admin.get(LIST + order["query"]) for order in admin.get(LIST).context["orders"]]
    names = [[tile.row.name for tile in answer.context["tiles"]] for answer in pages]
    assert [len(each) for each in names] == [6] * 4
    assert [first for first, *_ in names] == ["Amazon ECR Public"] * 2 + ["Zulu"] * 2


def test_the_view_is_remembered(admin: Client) -> None:
    assert 'class="reg-tiles"' in text_of(admin.get(LIST))
    answer = admin.get(LIST, {"view": "table", "q": "hub"})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?q=hub")
    html = text_of(admin.get(LIST))
    assert 'id="result_list"' in html
    assert 'class="reg-tiles"' not in html
    assert admin.get(LIST, {"view": "nonsense"}).status_code in {302, 400}


def test_numbers_that_a_browser_sends_or_draws_are_not_grouped(admin: Client, settings) -> None:
    settings.USE_THOUSAND_SEPARATOR = True
    row = create("hub", pk=1234567)
    past(row, ["public"], pulls=(4900, 5000))
    tiles, table = admin.get(LIST), admin.get(LIST, {"view": "table"}, follow=True)
    chosen = {"action": "delete_selected", "_selected_action": [row.pk]}
    for answer in (tiles, table, admin.post(LIST, chosen)):
        assert 'name="_selected_action" value="1234567"' in text_of(answer)
    assert '<meter class="reg-meter" min="0" max="5000" value="4900"' in text_of(tiles)
    progress = render_to_string("registries/progress.html", {"count": 2000, "done": 1000})
    assert '<progress max="2000" value="1000">' in progress
    assert "1,000 done" in progress


def test_popups_of_other_pages_get_the_list_that_they_expect(admin: Client) -> None:
    assert "data-popup-opener" in text_of(admin.get(LIST, {"_popup": "1", "_to_field": "id"}))
    assert 'href="?kind=hub&_popup=1"' in text_of(admin.get(ADD, {"_popup": "1"}))


def test_a_viewer_reads_the_words_of_the_kind_and_who_may_query_lists_tags() -> None:
    """#10: of a secret, whether it is set; no buttons, and no instructions."""
    row = create("custom")
    viewer = user_with("view")
    html = text_of(viewer.get(page(row)))
    assert "Address of the token server" in html
    assert row.url in html
    assert re.search(r"Password.*?Set", html, re.DOTALL)
    assert "Not set" in html
    forbidden = ["Authurl", "How to", "reg-howto", "List the tags"]
    forbidden += [f">{button}<" for button in ("Save", "Check", "Delete", "Reset")]
    assert [words for words in forbidden if words in html] == []
    query = Permission.objects.get(codename="query_registry")
    User.objects.get(username="robin").user_permissions.add(query)
    html = text_of(viewer.get(page(row)))
    assert 'name="image" value="registry.example:5000/"' in html
    assert "List the tags" in html


# Ways to sign in


def test_the_chosen_way_clears_what_the_others_take(admin: Client) -> None:
    row = create("hub")
    form = {"name": row.name, "sign_in": "auth", "login": "left over", "auth": "YTpi"}
    assert admin.post(page(row), form).status_code == 302
    assert Registry.objects.get(pk=row.pk).values() == {"auth": "YTpi"}
    # The history names what went, though nobody typed there.
    entry = admin.get(page(row, "history")).context["action_list"][0]
    message = entry.get_change_message()
    assert "Auth string" in message
    assert "Access token or password" in message
    admin.post(page(row), {"name": row.name, "sign_in": "anonymous", "auth": "YTpi"})
    assert Registry.objects.get(pk=row.pk).state == "anonymous"


def test_the_chosen_way_asks_for_what_it_takes(admin: Client) -> None:
    answer = admin.post(f"{ADD}?kind=hub", {"name": "x", "sign_in": "password"})
    assert set(answer.context["form"].errors) == {"login", "password"}
    # A key file that is pasted whole fills both.
    row = build("gcr")
    key = {"client_email": row.clientemail, "private_key": row.privatekey.reveal()}
    key["type"] = "service_account"
    form = {"name": "x", "sign_in": "key", "privatekey": json.dumps(key)}
    assert admin.post(f"{ADD}?kind=gcr", form).status_code == 302
    assert Registry.objects.get(name="x").clientemail == row.clientemail
    answer = admin.post(f"{ADD}?kind=ecr", {"name": "y", "sign_in": "anonymous"})
    assert "sign_in" in answer.context["form"].errors, "for the default row alone"


def test_a_secret_is_kept_replaced_and_cleared_by_choice(admin: Client) -> None:
    row = create("hub")
    form = {"name": row.name, "sign_in": "password", "login": row.login}
    admin.post(page(row), {**form, "password_do": "keep", "password": "typed before"})
    assert Registry.objects.get(pk=row.pk).values()["password"] == "fake-password"
    answer = admin.post(page(row), {**form, "password_do": "replace", "password": " "})
    assert set(answer.context["form"].errors) == {"password"}
    admin.post(page(row), {**form, "password_do": "replace", "password": "new"})
    assert Registry.objects.get(pk=row.pk).values()["password"] == "new"
    admin.post(page(row), {"name": row.name, "login": "", "password_do": "clear"})
    assert Registry.objects.get(pk=row.pk).state == "anonymous"


def test_a_secret_that_cannot_be_read_is_to_be_replaced(admin: Client, use_keys: Any) -> None:
    """At the field stands what happened, and both ways out."""
    row = create("hub")
    html = text_of(admin.get(page(row)))
    assert 'value="keep" checked' in html
    assert "Set since" in html
    use_keys(Fernet.generate_key())
    html = text_of(admin.get(page(row)))
    assert 'name="password_do" value="replace" checked' in html
    assert "Cannot be read" in html
    assert "Enter it again here, or put the old key back" in html
    assert "Set since" not in html


def test_a_secret_that_must_be_there_cannot_be_cleared(admin: Client) -> None:
    assert 'value="clear"' not in text_of(admin.get(page(create("gitlab"))))
    assert 'value="clear"' in text_of(admin.get(page(create("hub"))))


def test_a_form_that_is_shown_again_is_headed_by_what_is_stored(admin: Client) -> None:
    row = create("custom", name="Stored")
    html = text_of(admin.post(page(row), {"name": "Typed", "url": "", "password_do": "clear"}))
    assert "<h1>Stored</h1>" in html
    assert "Authenticated" in html
    assert 'value="Typed"' in html


# Check before saving


def test_check_tries_what_is_in_the_form_and_saves_nothing(
    admin: Client, server: FakeServer
) -> None:
    form = typed(server, _check="1", password="wrong", name="")
    html = text_of(admin.post(f"{ADD}?kind=custom", form))
    assert "Rejected" in html
    assert "Credentials accepted" in html
    assert "wrong" not in html
    assert not Registry.objects.filter(kind="custom").exists()
    html = text_of(admin.post(f"{ADD}?kind=custom", {**form, "password": "right"}))
    assert "The registry accepted these credentials." in html


def test_check_of_a_stored_row_uses_what_is_typed_and_keeps_the_row(
    admin: Client, server: FakeServer
) -> None:
    row = create("custom", url=server.origin, password="right")
    before = Registry.objects.filter(pk=row.pk).values().get()
    html = text_of(admin.post(page(row), typed(server, _check="1", password="", login="other")))
    assert "Rejected" in html
    assert Registry.objects.filter(pk=row.pk).values().get() == before
    assert not row.checks.filter(is_recent=True).exists()
    # The stored secret goes nowhere else than where it was given for.
    count = len(server.requests)
    elsewhere = typed(server, _check="1", password="", url=server.origin + "/other")
    answer = admin.post(page(row), elsewhere)
    assert set(answer.context["form"].errors) == {"password"}
    assert len(server.requests) == count


@pytest.mark.parametrize("slug", [slug for slug in KINDS if "authurl" in KINDS[slug].by_name])
def test_no_field_leads_a_stored_secret_elsewhere(slug: str, server: FakeServer) -> None:
    """#30: whoever may change a row tries every field of its form, and two that are none."""
    kind = KINDS[slug]
    own = {name: server.origin for name in ("url", "authurl") if name in SAMPLES[slug]}
    row = create(slug, **(own or {"url": server.origin}))
    client = user_with("view", "change")
    plain = {"name": row.name, **row.plain_values()}
    with FakeServer(let_in) as other:
        host = other.origin.removeprefix("http://")
        fields = {*form_class(kind).base_fields, "kind", "host"}.difference(kind.secrets)
        addresses = [other.origin, f"x@{host}/team/app:1"]
        for name in sorted(fields):
            # The second is no value of a kind's own variables.
            for value in addresses[: 1 if name in kind.by_name else 2]:
                client.post(page(row), {**plain, name: value, "_check": "1"})
        assert other.requests == []
        again = {name: "typed again" for name in kind.secrets if row.raw_value(name)}
        moved = dict.fromkeys(own or ["url"], other.origin)
        client.post(page(row), {**plain, **moved, **again, "_check": "1"})
        assert other.requests, "the twin: given again, it goes there"


@pytest.mark.parametrize("image", ["NOT AN IMAGE", "ghcr.io/acme/app"])
def test_an_image_that_cannot_be_tried_is_an_error_there(
    admin: Client, server: FakeServer, image: str
) -> None:
    answer = admin.post(f"{ADD}?kind=custom", typed(server, _check="1", image=image))
    assert set(answer.context["form"].errors) == {"image"}
    assert server.requests == []


def test_save_and_check_does_both_and_shows_the_steps_once(
    admin: Client, server: FakeServer
) -> None:
    answer = admin.post(f"{ADD}?kind=custom", typed(server, _savecheck="1"), follow=True)
    row = Registry.objects.get(name="Lab")
    assert row.check_verdict == "valid"
    assert "Registry responds" in text_of(answer)
    assert answer.request["PATH_INFO"] == page(row)
    assert "Registry responds" not in text_of(admin.get(page(row)))
    # A check that fails blocks nothing.
    form = typed(server, _savecheck="1", password="wrong", login="jane")
    admin.post(page(row), form, follow=True)
    row = Registry.objects.get(name="Lab")
    assert (row.login, row.check_verdict) == ("jane", "rejected")
    admin.post(page(row), {**form, "image": "NOT AN IMAGE", "login": "jo"}, follow=True)
    assert Registry.objects.get(name="Lab").login == "jo"


def test_checks_from_a_form_need_the_permission_to_change(server: FakeServer) -> None:
    client = user_with("add", "view")
    html = text_of(client.get(f"{ADD}?kind=custom"))
    assert 'name="_save"' in html
    assert 'name="_check"' not in html
    for button in ("_check", "_savecheck", "_use", "_saveuse"):
        form = typed(server, **{button: server.origin})
        assert client.post(f"{ADD}?kind=custom", form).status_code == 403, button
    assert server.requests == []
    assert not Registry.objects.filter(kind="custom").exists()


def test_a_link_checks_nothing(admin: Client, server: FakeServer) -> None:
    row = create("custom", url=server.origin)
    admin.get(page(row), {"_check": "1"})
    admin.get(f"{ADD}?kind=custom", {"kind": "custom", **typed(server, _check="1")})
    assert server.requests == []


def test_a_tile_checks_and_leads_back_to_the_same_list(admin: Client, server: FakeServer) -> None:
    row = create("custom", url=server.origin, password="right")
    check = f"{page(row, 'check')}?_changelist_filters=kind__exact%3Dcustom"
    answer = admin.post(check, {"_list": "1"}, follow=True)
    assert answer.redirect_chain == [(f"{LIST}?kind__exact=custom", 302)]
    assert f'id="result-{row.pk}"' in text_of(answer)
    assert f'id="result-{row.pk}"' not in text_of(admin.get(LIST))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("button", ["check", "_check", "_savecheck", "check_selected"])
def test_no_transaction_is_open_while_a_registry_is_asked(
    admin_user: User, monkeypatch: pytest.MonkeyPatch, settings: Any, button: str
) -> None:
    """#59: even on a site that wraps every request in one, others can save meanwhile."""
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    settings.REGISTRIES = {"TIMEOUT": 3}
    saved = []

    def save_meanwhile(request: Request) -> Reply:
        try:
            saved.append(User.objects.filter(pk=admin_user.pk).update(first_name="Meanwhile"))
        finally:
            connection.close()
        return let_in(request)

    client = Client()
    client.force_login(admin_user)
    with FakeServer(save_meanwhile) as server:
        row = create("custom", url=server.origin, password="right", name="Lab")
        form = typed(server, opened_version=row.version, **{button: "1"})
        if button == "check_selected":
            answer = client.post(LIST, {"action": button, "_selected_action": [row.pk]})
        else:
            address = page(row, "check") if button == "check" else page(row)
            answer = client.post(address, form, follow=True)
    assert saved
    assert all(saved)
    # A registry that waits for us would not have answered in time.
    assert "The registry accepted these credentials." in text_of(answer)


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if "url" not in kind.by_name])
def test_who_has_no_address_in_the_form_is_not_told_to_check_it(kind: Kind) -> None:
    row = build(kind.slug)
    for code, (verdict, sentence) in CODES.items():
        params = dict.fromkeys(PLACEHOLDER.findall(sentence), "registry.example")
        result = CheckResult(verdict or Verdict.VALID, code, timezone.now(), params, kind=row.kind)
        assert "heck the address" not in result.detail, code
        assert "%(" not in result.detail, code
        assert "…" not in result.detail, code
    stored = create(kind.slug)
    past(stored, ["dns"])
    last = Registry.objects.get(pk=stored.pk).last_check
    assert last
    assert "Check the network and DNS of this site." in last.detail


def test_a_registry_that_speaks_the_other_scheme_is_offered(
    admin: Client, server: FakeServer
) -> None:
    """What was typed without a scheme is https, and asked again over http by one button."""
    wrong = server.origin.replace("http:", "https:")
    form = typed(server, url=wrong, _check="1")
    html = text_of(admin.post(f"{ADD}?kind=custom", form))
    assert f'name="_use" value="{server.origin}"' in html
    assert "passwords can be read on the way" in html
    del form["_check"]
    html = text_of(admin.post(f"{ADD}?kind=custom", {**form, "_use": server.origin}))
    assert "The registry accepted these credentials." in html
    assert not Registry.objects.filter(kind="custom").exists()


def test_the_other_scheme_of_a_stored_row_is_saved_and_checked_by_one_button(admin: Client) -> None:
    with FakeServer(lambda _request: Reply(200, b"{}", OPEN)) as server:
        wrong = server.origin.replace("http:", "https:")
        row = create("custom", url=wrong, login=None, password=None)
        html = text_of(admin.post(page(row, "check"), follow=True))
        assert f'name="_saveuse" value="{server.origin}"' in html
        form = {"name": row.name, "url": wrong, "sign_in": "anonymous", "_saveuse": server.origin}
        admin.post(page(row), form)
        row = Registry.objects.get(pk=row.pk)
        assert (row.url, row.check_verdict) == (server.origin, "anonymous")


# Bulk, history, two at once


@pytest.fixture
def many(transactional_db: None, server: FakeServer) -> dict[str, Any]:
    """The form that checks so many rows that their results come as they end; one fails."""
    rows = [create("custom", url=server.origin, password="right") for _ in range(FEW)]
    rows.append(create("custom", url=server.origin, password="wrong"))
    return {"action": "check_selected", "_selected_action": [row.pk for row in rows]}


def assert_all_are_checked(parts: list[str]) -> None:
    assert len(parts) == FEW + 4
    for done, part in enumerate(parts[1:-2], 1):
        assert f'value="{done}"' in part
    for words in (f"Checked {FEW + 1} registries", f"{FEW} fine", "1 needs attention"):
        assert words in parts[-2]
    assert Check.objects.filter(origin="bulk", user_name="admin").count() == FEW + 1


def test_many_checks_come_as_they_end(many: dict[str, Any], admin: Client) -> None:
    assert_all_are_checked([part.decode() for part in admin.post(LIST, many).streaming_content])


def test_many_checks_come_as_they_end_from_asgi_servers(
    many: dict[str, Any], admin_user: User
) -> None:
    async def fetch() -> list[str]:
        client = AsyncClient()
        await client.aforce_login(admin_user)
        # Django warns where it has to wait for the last part first.
        return [part.decode() async for part in await client.post(LIST, many)]

    assert_all_are_checked(async_to_sync(fetch)())


def test_the_pages_script_gets_all_rows_waiting_and_then_the_results_alone(
    admin: Client, server: FakeServer
) -> None:
    rows = [
        create("custom", name=f"Lab {word}", url=server.origin, password=word)
        for word in ("right", "wrong")
    ]
    # As the script sends them again: in one field, however many they are.
    chosen = {"action": "check_selected", "_selected_action": f"{rows[0].pk},{rows[1].pk}"}
    html = text_of(admin.post(LIST, {**chosen, "_script": "page"}))
    assert re.findall(r'is-waiting" data-check="(\d+)"', html) == [str(row.pk) for row in rows]
    assert "<b>Lab right</b>" in html
    assert server.requests == []
    parts = text_of(admin.post(LIST, {**chosen, "_script": "results"})).split("<!-- next -->")
    assert "<html" not in parts[0]
    assert [re.findall(r'is-(\w+)" data-check', part) for part in parts] == [["ok"], ["bad"], []]
    assert "Waiting: Lab wrong" in parts[0]
    assert f'name="_selected_action" value="{rows[1].pk}"' in parts[2], "what failed, again"
    assert "Check the failed ones again" in parts[2]


@pytest.mark.parametrize(
    ("query", "checked"), [("", {"Fine", "Failed", "New"}), ("?verdict=attention", {"Failed"})]
)
def test_all_or_all_that_fail_are_checked_with_one_click(
    admin: Client, server: FakeServer, query: str, checked: set[str]
) -> None:
    Registry._base_manager.all().delete()
    for name, code in {"Fine": "signed_in", "Failed": "tls", "New": ""}.items():
        row = create("custom", name=name, url=server.origin, password="right")
        if code:
            past(row, [code])
    html = text_of(admin.get(LIST))
    form = re.search(r'<form [^>]*class="reg-checkall".*?</form>', html, re.DOTALL)
    assert form
    address = f'formaction="{LIST}{query}"' if query else f'action="{LIST}"'
    assert address in form[0]
    fields = dict(re.findall(r'name="(\w+)" value="(\w+)"', form[0]))
    admin.post(LIST + query, {**fields, "csrfmiddlewaretoken": ""})
    assert set(Check.objects.filter(origin="bulk").values_list("registry_name", flat=True)) == (
        checked
    )


def test_few_checks_come_at_once(admin: Client, server: FakeServer) -> None:
    row = create("custom", url=server.origin, password="right")
    answer = admin.post(LIST, {"action": "check_selected", "_selected_action": [row.pk]})
    assert "Checked 1 registry" in text_of(answer)


def test_history_shows_who_did_what_and_every_check(admin: Client, server: FakeServer) -> None:
    row = create("custom", name="Old", url=server.origin, password="right")
    past(row, ["tls"])
    form = {"name": "New", "url": row.url, "login": row.login, "opened_version": row.version}
    form["handover"] = row.handover
    admin.post(page(row), form)
    admin.post(page(row), {**form, "opened_version": "", "login": "other", "password": "right"})
    admin.post(page(row), {**form, "opened_version": "", "password": "right"})
    admin.post(page(row, "check"))
    html = text_of(admin.get(page(row, "history")))
    assert "<b>admin</b> · a row's button" in html
    assert "The certificate of registry.example:5000 is not trusted." not in html
    assert "is not trusted." in html
    assert "The registry accepted these credentials." in html
    # The newest first, with old and new, and of what signs in only that it changed.
    entries = re.findall(r"<b>admin</b><div>(.*?)</div>", html, re.DOTALL)
    assert [re.sub("<.*?>", " ", entry).split() for entry in entries] == [
        *(["Login:", "changed", "Password", "or", "access", "token:", "changed"],) * 2,
        ["Name:", "Old", "→", "New"],
    ]
    assert "UTC</time>" in html
    # A bar for each of 30 days; today's has what failed and what was fine.
    assert html.count("<g><title>") == 30
    assert html.count('class="reg-chart__day"') == 29, "without a check, there is no bar"
    *_others, today = re.findall(r"<title>(.*?)</title>", html)
    assert today.endswith("1 fine, 1 failed")
    # What an earlier version wrote down of checks is told once, among the checks.
    LogEntry.objects.filter(change_message__contains="Old").update(change_message="Checked: valid")
    assert "Checked: valid" not in text_of(admin.get(page(row, "history")))


def test_the_second_to_save_learns_who_was_faster_and_may_save_again(
    admin: Client, canary: str
) -> None:
    """#56: the page that was opened earlier overwrites nothing by itself."""
    row = create("custom")
    sam = Client()
    sam.force_login(User.objects.create_superuser("sam"))
    form = {"name": row.name, "url": row.url, "login": "theirs", "opened_version": row.version}
    sam.post(page(row), form)
    mine = {**form, "login": "mine", "password": canary}
    html = text_of(admin.post(page(row), mine))
    for words in (
        "Somebody else saved",
        "sam, ",
        "Changed Login",
        'value="mine"',
        "Enter it again",
    ):
        assert words in html
    assert canary not in html
    assert Registry.objects.get(pk=row.pk).login == "theirs"
    [version] = re.findall(r'name="opened_version" value="(\d+)"', html)
    assert admin.post(page(row), {**mine, "opened_version": version}).status_code == 302
    assert Registry.objects.get(pk=row.pk).login == "mine"


def test_a_default_row_that_was_saved_meanwhile_is_not_reset(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registries import services

    reset = services.reset

    def slow(row: Registry) -> None:
        Registry.objects.filter(pk=row.pk).update(version=row.version + 1)
        reset(row)

    monkeypatch.setattr(services, "reset", slow)
    Registry.objects.filter(pk=default("hub").pk).update(prefix="docker.io/acme")
    answer = admin.post(page(default("hub"), "reset"), {"post": "yes"}, follow=True)
    assert "changed meanwhile" in text_of(answer)


def test_you_in_another_window_are_told_so_with_what_is_stored_beside_what_is_typed(
    admin: Client, canary: str
) -> None:
    row = create("custom", name="Lab")
    form = {"name": "Lab", "url": row.url, "login": "one", "opened_version": row.version}
    admin.post(page(row), {**form, "password": "fake"})
    typed = {**form, "name": "Mine", "login": "two", "password": canary}
    html = text_of(admin.post(page(row), typed))
    assert "You saved this registry in another window" in html
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", html)
    assert [re.sub("<.*?>", " ", item).split() for item in rows] == [
        ["Name", "Lab", "Mine"],
        ["Login", "one", "two"],
        ["Password", "or", "access", "token", "stored", "changed"],
    ]
    assert canary not in html


def test_what_was_never_checked_is_told_from_what_was_changed_since(
    admin: Client, server: FakeServer
) -> None:
    row = create("custom", url=server.origin, password="right")
    assert "Not checked" in text_of(admin.get(page(row)))
    form = {"name": row.name, "url": row.url, "login": row.login, "handover": row.handover}
    # There is one Check: where nothing was typed it is of the stored row, which keeps it.
    html = text_of(admin.post(page(row), {**form, "_check": "1"}))
    assert "The registry accepted these credentials." in html
    assert "not saved" not in html
    assert Registry.objects.get(pk=row.pk).check_verdict == "valid"
    admin.post(page(row), {**form, "prefix": f"{row.host}/team"})
    html = text_of(admin.get(page(row)))
    assert "Changed since the last check" in html
    assert "Changed since the last check" in text_of(admin.get(LIST))
    assert html.count('value="1" title="Tests') == 1


def test_another_one_of_the_same_kind_is_added_next(admin: Client) -> None:
    answer = admin.post(f"{ADD}?kind=hub", {"name": "One", "_addanother": "1"})
    assert answer["Location"] == f"{ADD}?kind=hub"
    assert Registry.objects.filter(name="One").exists()


@pytest.mark.parametrize(
    ("slug", "columns", "is_open"),
    [("hub", {}, False), ("custom", {}, True), ("hub", {"verify_tls": False}, True)],
)
def test_tls_of_a_service_is_folded_while_it_is_usual(
    admin: Client, slug: str, columns: dict[str, Any], is_open: bool
) -> None:
    html = text_of(admin.get(page(create(slug, **columns))))
    assert ('<details class="reg-fold" open>' in html) is is_open


def test_every_result_leads_to_its_explanation(admin: Client) -> None:
    row = create("custom")
    past(row, ["tls"])
    html = text_of(admin.get(f"{LIST}outcomes/"))
    assert [code for code in CODES if f'<li id="{code}">' not in html] == []
    sentences = [*VERDICTS.values(), *(text for item in EXPLANATIONS.values() for text in item)]
    assert [text for text in sentences if "%(" in text or "…" in text] == [], "it has a hole"
    assert EXPLANATIONS["tls"].cause in html
    for name in ("change", "history"):
        assert f'href="{LIST}outcomes/#tls"' in text_of(admin.get(page(row, name)))


# The site's own pages


@pytest.fixture
def site(settings: Any) -> None:
    settings.ROOT_URLCONF = "ssmsite.urls"
    [templates] = settings.TEMPLATES
    settings.TEMPLATES = [{**templates, "DIRS": [ROOT / "templates"]}]


@pytest.mark.usefixtures("site")
def test_home_tells_what_needs_attention_what_changed_and_how_many_pulls_are_left(
    admin: Client,
) -> None:
    past(default("hub"), ["public"], pulls=(61, 100))
    lab = create("custom", name="Lab")
    past(lab, ["tls"])
    change = f"/admin/registries/registry/{lab.pk}/change/"
    admin.post(change, {"name": "Laboratory", "url": lab.url, "login": lab.login})
    past(lab, ["tls"])
    html = text_of(admin.get("/"))
    assert "6 registries:" in html
    assert "1 fine" in html
    assert 'method="get" action="/admin/registries/registry/image/"' in html
    assert "The certificate of registry.example:5000 is not trusted." in html
    assert f'action="/admin/registries/registry/{lab.pk}/check/"' in html
    assert "Changed Name" in html
    assert "admin · <time" in html
    assert "61 of 100" in html
    # A row that is gone is still named, without a link.
    admin.post(f"/admin/registries/registry/{lab.pk}/delete/", {"post": "yes"})
    html = text_of(admin.get("/"))
    assert "<b>Laboratory</b> Deleted." in html
    assert "Nothing: no check has failed." in html


@pytest.mark.usefixtures("site")
def test_home_offers_no_form_of_a_row_that_a_file_owns(admin: Client) -> None:
    for name, source in (("Of nobody", ""), ("Of a team", "team")):
        past(create("custom", name=name, source=source), ["tls"])
    offers = r">(Configure|View)<span class=\"visually-hidden\"> (Of[^<]*)</span>"
    offered = re.findall(offers, text_of(admin.get("/")))
    assert sorted(offered) == [("Configure", "Of nobody"), ("View", "Of a team")]


@pytest.mark.usefixtures("site")
def test_home_tells_of_notifications_that_failed(admin: Client, settings: Any) -> None:
    settings.REGISTRIES = {"NOTIFY": ["https://a.example#whsec_" + "ZmFrZSBzZWNyZXQg" * 2]}
    for kind in ("state_changed", "test"):
        outbox.enqueue(kind, "Fake", []).deliveries.update(status="failed")
    assert "?status=failed" in (html := text_of(admin.get("/")))
    assert "1 notification failed" in html
    assert "turned off" not in html
    GoneReceiver.objects.create(receiver=outbox.key_of(conf.get().notify[0]))
    assert "1 receiver of notifications is turned off" in text_of(admin.get("/"))
    Notification.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert "notification failed" not in text_of(admin.get("/"))
    assert "otification" not in text_of(user_with("view").get("/"))


@pytest.mark.usefixtures("site")
def test_home_of_an_empty_site_asks_for_the_first_registry(admin: Client) -> None:
    Registry.objects.all()._raw_delete("default")
    html = text_of(admin.get("/"))
    others = text_of(user_with("view").get("/"))
    for way in ("add", "import"):
        assert f'href="/admin/registries/registry/{way}/"' in html
        assert f"/{way}/" not in others
    assert "Needs attention" not in html


@pytest.mark.usefixtures("site")
def test_the_apps_german_is_not_that_of_django(admin: Client) -> None:
    row = create("custom")
    change = f"/admin/registries/registry/{row.pk}/change/"
    for address, words in (
        (change, ">Verlauf<"),
        (change.replace("change", "history"), "Verlauf von „custom"),
        ("/admin/registries/registry/add/?kind=hub", ">Sichern und weitere<"),
    ):
        with override("de"):
            assert words in text_of(admin.get(address))


@pytest.mark.usefixtures("site")
def test_home_shows_no_registry_to_who_may_see_none(admin: Client) -> None:
    past(create("custom", name="Lab"), ["tls"])
    viewer = user_with("view")
    html = text_of(viewer.get("/"))
    assert "is not trusted" in html
    assert "/check/" not in html
    User.objects.get(username="robin").user_permissions.clear()
    # Who has not signed in is led to it first.
    for client, way in ((Client(), "/login/?next="), (viewer, None)):
        html = text_of(client.get("/"))
        for word in ("registries:", "Lab", "Recent changes", "Pulls left", "/image/"):
            assert word not in html
        for place in ("/api/docs/", "/api/registries/"):
            assert (f'href="{way}{place}"' in html) is (way is not None)


@pytest.mark.usefixtures("site")
def test_the_account_of_a_program_signs_in_reads_the_documentation_and_signs_out(
    settings: Any,
) -> None:
    """It may not use the admin, whose own page lets it nowhere."""
    settings.LOGIN_URL = "login"
    program = User.objects.create_user("program", password="fake-password")
    program.user_permissions.add(Permission.objects.get(codename="view_registry"))
    browser = Client(headers={"accept": "text/html"})
    answer = browser.get("/api/", follow=True)
    assert answer.redirect_chain == [("/login/?next=/api/", 302)]
    fields = {"username": "program", "password": "fake-password", "next": "/api/"}
    answer = browser.post("/login/", fields, follow=True)
    assert answer.redirect_chain == [("/api/", 302), ("/api/docs/", 302)]
    html = text_of(answer)
    assert "<strong>program</strong>" in html
    assert 'action="/logout/"' in html
    settings.LANGUAGE_CODE = "de"
    assert "API für Programme" in text_of(browser.get("/api/docs/"))
    assert browser.post("/logout/")["Location"] == "/"
    assert browser.get("/api/docs/").status_code == 302


@pytest.mark.usefixtures("site")
def test_who_may_not_is_told_as_whom_what_is_missing_and_whom_to_ask() -> None:
    User.objects.create_superuser("chief", first_name="Kim", last_name="Chief")
    nobody = user_with()
    answer = nobody.get("/admin/registries/registry/add/")
    html = text_of(answer)
    assert answer.status_code == 403
    for words in (
        "signed in as robin",
        "“Can add registry”",
        "site: Kim Chief",
        'action="/logout/"',
    ):
        assert words in html
    for path, missing in (("", "view"), ("import/", "add"), ("import/added/", "add")):
        address = f"/admin/registries/registry/{path}"
        assert f"“Can {missing} registry”" in text_of(nobody.get(address))
    # A page for people is refused as one.
    docs = nobody.get("/api/docs/", headers={"Accept": "text/html"})
    assert docs.status_code == 403
    for words in ("signed in as robin", "“Can view registry”", 'action="/logout/"'):
        assert words in text_of(docs)
    home = text_of(nobody.get("/"))
    for words in ("signed in as robin", "“Can view registry”", "site: Kim Chief"):
        assert words in home
    # No card leads to a refusal.
    assert "/api/" not in home
    assert 'class="reg-kind" href="/admin/' not in home
    answer = nobody.get("/api/registries/")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    may_view = Permission.objects.get(codename="view_registry")
    User.objects.get(username="robin").user_permissions.add(may_view)
    address = f"/admin/registries/registry/{create('custom').pk}/hand-over/"
    assert "“Can hand over a registry" in text_of(nobody.get(address))


@pytest.mark.usefixtures("site")
def test_error_pages_lead_home() -> None:
    for code in ("403", "404", "500"):
        html = render_to_string(f"{code}.html")
        assert f">{code}<" in html
        assert 'href="/"' in html
