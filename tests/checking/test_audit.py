"""The audit: every check is in it, whoever asked for it and however; it can be read and no more."""

import re
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

import pytest
import trustme
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from registries import services
from registries.checking.callers import Caller
from registries.models import Check, Registry
from registries.models.check import Origin
from tests.factories import create
from tests.fakes.gate import Gate, let_in
from tests.fakes.server import FakeServer
from tests.screens import ADD, LIST, page, text_of, user_with

pytestmark = pytest.mark.django_db

CHECKS = "/backstage/registries/check/"
ROBIN = Caller("admin", "7", "robin")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(let_in) as running:
        yield running


@pytest.fixture
def row(server: FakeServer) -> Registry:
    return create("custom", name="Lab", url=server.origin)


@pytest.fixture
def client(admin_client: Client) -> Client:
    """Signed in as the superuser `admin`."""
    return admin_client


# Who, and from where


def press_check(client: Client, row: Registry) -> None:
    client.post(page(row, "check"))


def save_and_check(client: Client, row: Registry) -> None:
    form = {"name": row.name, "url": row.url, "login": row.login, "_savecheck": "1"}
    client.post(page(row), form)


def check_typed(client: Client, row: Registry) -> None:
    form = {"name": row.name, "url": row.url, "login": "other", "_check": "1"}
    client.post(page(row), form)


def check_new(client: Client, row: Registry) -> Any:
    form = {"name": "Typed", "url": row.url, "login": "johndoe", "password": "typed", "_check": "1"}
    return client.post(f"{ADD}?kind=custom", form)


def check_selected(client: Client, row: Registry) -> None:
    b"".join(client.post(LIST, {"action": "check_selected", "_selected_action": [row.pk]}))


@pytest.mark.parametrize(
    ("way", "origin", "name", "is_recent"),
    [
        (press_check, Origin.ADMIN, "Lab", True),
        (save_and_check, Origin.ADMIN, "Lab", True),
        (check_selected, Origin.BULK, "Lab", True),
        (check_typed, Origin.FORM, "Lab", False),
        (check_new, Origin.FORM, "Typed", False),
    ],
)
def test_every_check_says_who_asked_and_from_where(
    client: Client,
    row: Registry,
    admin_user: User,
    way: Callable[[Client, Registry], Any],
    origin: str,
    name: str,
    is_recent: bool,
) -> None:
    """#96: also of what was typed and not saved."""
    way(client, row)
    check = Check.objects.get()
    assert (check.user_id, check.user_name, check.origin) == (str(admin_user.pk), "admin", origin)
    assert (check.registry, check.registry_name) == (row if name == "Lab" else None, name)
    assert (check.kind, check.address, check.trust) == ("custom", row.url, "http")
    assert check.is_recent == is_recent


def test_checks_by_commands_and_code_are_nobodys(row: Registry) -> None:
    """#96: from where they come is said all the same."""
    call_command("check_registries", row.name)
    services.check(row)
    checks = Check.objects.values_list("origin", "user_id", "user_name")
    assert set(checks) == {("command", "", ""), ("python", "", "")}


def test_who_it_was_is_known_when_the_account_is_gone(
    client: Client, row: Registry, admin_user: User
) -> None:
    """#96: and when the row is gone, too."""
    press_check(client, row)
    admin_user.delete()
    row.delete()
    check = Check.objects.get()
    assert (check.registry, check.registry_name, check.user_name) == (None, "Lab", "admin")


def test_a_check_that_landed_on_no_row_is_there(row: Registry) -> None:
    """#96: somebody saved the row meanwhile, or deleted it."""
    stale, gone = Registry.objects.get(pk=row.pk), Registry.objects.get(pk=row.pk)
    row.login = "changed"
    row.save()
    services.check(stale, caller=ROBIN)
    row.delete()
    services.check(gone)
    checks = Check.objects.order_by("pk").values_list("registry", "registry_name", "is_recent")
    assert list(checks) == [(None, "Lab", False), (None, "Lab", False)]


def test_how_the_certificate_was_verified_is_said() -> None:
    authority = trustme.CA()
    pem = authority.cert_pem.bytes().decode()
    with FakeServer(let_in, authority) as server:
        for trust in ({"ca_certificate": pem}, {"verify_tls": False}, {}):
            services.check(create("custom", url=server.origin, **trust))
    checks = Check.objects.order_by("pk").values_list("trust", "code")
    assert list(checks) == [
        ("own_ca", "signed_in"),
        ("unverified", "signed_in"),
        ("verified", "tls"),
    ]


@pytest.mark.parametrize("typed", ["", "typed"])
def test_it_says_which_ca_was_trusted_with_a_stored_secret(client: Client, typed: str) -> None:
    """Nothing of it is saved, so that nothing else tells of it."""
    authority = trustme.CA()
    pem = authority.cert_pem.bytes().decode()
    with FakeServer(let_in, authority) as server:
        row = create("custom", url=server.origin)
        form = {"name": row.name, "url": row.url, "login": row.login, "ca_certificate": pem}
        typing = {"password": typed, "password_do": "replace"} if typed else {}
        verify = {"verify_tls": "on", "verify_tls_shown": "1"}
        client.post(page(row), {**form, **typing, **verify, "_check": "1"})
    check = Check.objects.get()
    der = ssl.PEM_cert_to_DER_cert(pem)
    assert check.ca.startswith(f"SHA-256 {sha256(der).hexdigest()} ")
    assert "trustme" in check.ca
    assert (check.trust, check.is_secret_stored) == ("own_ca", not typed)
    assert check.ca in text_of(client.get(f"{CHECKS}{check.pk}/change/"))
    history = text_of(client.get(page(row, "history")))
    assert check.ca in history
    assert ("with stored credentials" in history) == (not typed)


def test_the_token_server_is_named_and_a_hosted_kind_has_its_host(server: FakeServer) -> None:
    services.check(create("custom", url=f"{server.origin}/path", authurl="http://127.0.0.1:9"))
    row = create("acr", url=None)
    services.check(row, "acme.azurecr.io/team/app")
    checks = Check.objects.order_by("pk").values_list("address", flat=True)
    assert list(checks) == [f"{server.origin} http://127.0.0.1:9", "https://acme.azurecr.io"]


def test_no_secret_is_in_it(client: Client, server: FakeServer, canary: str) -> None:
    """#96: neither a stored one, nor one that was typed, nor one in an address."""
    row = create("custom", url=server.origin, password=canary)
    for way in (press_check, check_typed, check_selected):
        way(client, row)
    host = server.origin.removeprefix("http://")
    services.check(Registry(kind="custom", name="x", url=f"http://user:{canary}@{host}"))
    services.check(Registry(kind="custom", name="x", url=f"{server.origin}/?token={canary}"))
    assert Check.objects.count() == 5
    assert canary not in str(list(Check.objects.values()))
    assert canary not in text_of(client.get(CHECKS))


# How long


def test_what_nobody_asked_for_in_person_is_bounded_for_each_row(
    row: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Check, "KEPT", 3)
    other = create("custom", url=row.url)
    services.check(other)
    first, *_others = [services.check(row) for _ in range(5)]
    assert row.checks.count() == 3
    assert not row.checks.filter(checked_at=first.checked_at).exists()
    assert other.checks.count() == 1


def test_what_a_person_asked_for_is_not_pushed_out(
    row: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#96: however often anybody presses Check, and neither are the automatic ones."""
    monkeypatch.setattr(Check, "KEPT", 3)
    for _ in range(2):
        services.check(row)
    for _ in range(8):
        services.check(row, caller=ROBIN)
    assert Check.objects.filter(user_name="robin").count() == 8
    assert Check.objects.filter(user_name="").count() == 2
    # What the row itself shows stays short.
    assert row.checks.filter(is_recent=True).count() == 3
    for _ in range(5):
        services.check(row)
    assert Check.objects.filter(user_name="robin").count() == 8
    assert Check.objects.filter(user_name="").count() == 3


@pytest.mark.parametrize(("days", "is_kept"), [(6, True), (8, False)])
def test_it_goes_when_its_days_are_over(
    row: Registry, settings: Any, days: int, is_kept: bool
) -> None:
    settings.REGISTRIES = {"CHECKS_KEPT_DAYS": 7}
    services.check(row, caller=ROBIN)
    services.check(Registry(kind="custom", name="Typed", url=row.url))
    # As if those days had passed since.
    for check in Check.objects.all():
        Check.objects.filter(pk=check.pk).update(
            keep_until=check.keep_until - timedelta(days=days),
            checked_at=check.checked_at - timedelta(days=days),
        )
    services.check(row)
    assert Check.objects.count() == (3 if is_kept else 1)


def test_automatic_checks_of_a_row_that_is_gone_go_as_well(row: Registry) -> None:
    other = create("custom", url=row.url)
    services.check(row)
    services.check(row, caller=ROBIN)
    row.delete()
    services.check(other)
    assert set(Check.objects.values_list("user_name", "registry")) == {
        ("robin", None),
        ("", other.pk),
    }


# What shows of it


def test_what_was_typed_is_not_among_the_checks_of_the_row(client: Client, row: Registry) -> None:
    """The chart and the API speak of the row as it was stored."""
    services.check(row)
    for _ in range(3):
        check_typed(client, row)
    assert row.checks.count() == 4
    assert "100 % available" in text_of(client.get(page(row)))
    data = client.get(f"/gateway/v1/registries/{row.pk}/checks/").json()["checks"]
    assert [check["verdict"] for check in data] == ["valid"]
    assert set(data[0]) == {"verdict", "code", "detail", "checked_at"}


def test_the_history_of_a_row_says_who_checked_it(client: Client, row: Registry) -> None:
    check_typed(client, row)
    html = text_of(client.get(page(row, "history")))
    assert "<b>admin</b> · what was typed" in html
    assert row.url in html
    assert "not encrypted" in html
    assert f"{CHECKS}?registry__id__exact={row.pk}" in html


def test_the_list_shows_every_check_and_filters_them(client: Client, row: Registry) -> None:
    check_new(client, row)
    press_check(client, row)
    html = text_of(client.get(CHECKS))
    assert "Typed <small>not saved, or deleted</small>" in html
    assert f'<a href="{page(row)}">Lab</a>' in html
    for query, result in {
        "origin=form": 1,
        "origin=nonsense": 0,
        "verdict=valid": 1,
        "trust=http": 2,
        "trust=verified": 0,
        f"registry__id__exact={row.pk}": 1,
        "registry__id__exact=x": 0,
        "q=admin": 2,
        "q=typed": 1,
    }.items():
        assert client.get(f"{CHECKS}?{query}").context["cl"].result_count == result, query


def test_what_an_earlier_version_did_not_store_is_left_open(client: Client, row: Registry) -> None:
    check = Check.objects.create(
        registry=row,
        verdict="unreachable",
        code="dns",
        params={"other": "x"},
        checked_at=timezone.now(),
    )
    html = text_of(client.get(f"{CHECKS}{check.pk}/change/"))
    assert "The host name … cannot be resolved" in html


@pytest.mark.parametrize("lookup", ["registry__password__isnull", "user_id", "params__has_key"])
def test_other_lookups_are_refused(client: Client, row: Registry, lookup: str) -> None:
    """#14: the audit is no way to guess at what a row holds."""
    press_check(client, row)
    answer = client.get(CHECKS, {lookup: "1"})
    assert answer.status_code in {302, 400}


def test_nobody_writes_it(client: Client, row: Registry) -> None:
    """#96: not even a superuser, who sees one check without a button."""
    press_check(client, row)
    check = Check.objects.get()
    html = text_of(client.get(f"{CHECKS}{check.pk}/change/"))
    assert "<h1>Check of “Lab”</h1>" in html
    facts = dict(re.findall(r"<dt>(.+?)</dt><dd>(.+?)</dd>", html.replace("<wbr>", "")))
    assert facts["Checked"].endswith(" UTC")
    assert facts["Registry"] == f'<a href="{page(row)}">Lab</a>'
    assert facts["Asked by"] == "admin"
    assert facts["Code"] == "<code>signed_in</code>"
    assert 'name="_save"' not in html
    assert "historylink" not in html
    before = Check.objects.values().get()
    for path in ("add/", f"{check.pk}/change/", f"{check.pk}/delete/"):
        assert client.post(CHECKS + path, {"post": "yes", "verdict": "x"}).status_code == 403
    client.post(CHECKS, {"action": "delete_selected", "_selected_action": [check.pk]})
    assert Check.objects.values().get() == before


def test_a_row_is_deleted_by_who_may_not_see_its_checks(row: Registry) -> None:
    """The audit stands in nobody's way: it stays."""
    services.check(row, caller=ROBIN)
    user_with("view", "delete").post(page(row, "delete"), {"post": "yes"})
    assert not Registry.objects.filter(pk=row.pk).exists()
    assert Check.objects.get().user_name == "robin"


# How often


def test_nobody_scans_a_network_with_the_form(
    client: Client, row: Registry, server: FakeServer, settings: Any
) -> None:
    """#94: not even a superuser; he is told when to go on, and others are not held up."""
    settings.REGISTRIES = {"CHECKS_PER_MINUTE": 3}
    pages = [text_of(check_new(client, row)) for _ in range(5)]
    limited = ["You have checked 3 times within a minute." in text for text in pages]
    assert limited == [False, False, False, True, True]
    assert Check.objects.count() == 3
    calls = len(server.requests)
    for way in (press_check, check_typed, save_and_check):
        way(client, row)
    assert len(server.requests) == calls
    assert "Rejected" in text_of(check_new(user_with(is_superuser=True), row))


def test_what_is_stored_may_be_checked_as_a_whole(
    client: Client, row: Registry, settings: Any
) -> None:
    """A selection in the list is no scan: its rows are stored, with who saved them."""
    settings.REGISTRIES = {"CHECKS_PER_MINUTE": 1}
    for _ in range(3):
        check_selected(client, row)
    press_check(client, row)
    assert Check.objects.count() == 4


@pytest.mark.parametrize("seconds", [61, -3600])
def test_after_a_minute_it_goes_on(
    client: Client, row: Registry, settings: Any, seconds: int
) -> None:
    """#94: also where the clock was set back since."""
    settings.REGISTRIES = {"CHECKS_PER_MINUTE": 1}
    press_check(client, row)
    check = Check.objects.get()
    Check.objects.update(checked_at=check.checked_at - timedelta(seconds=seconds))
    press_check(client, row)
    assert Check.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_burst_is_counted_before_it_is_let_through(settings: Any) -> None:
    """#94: those that have begun count, and not only those that ended."""
    settings.REGISTRIES = {"CHECKS_PER_MINUTE": 3, "TIMEOUT": 30}
    gate = Gate(anonymous=True)

    def check(row: Registry) -> str:
        try:
            return services.check(row, caller=ROBIN).code
        except services.TooManyChecks as error:
            return f"wait {error.seconds}"
        finally:
            connections.close_all()

    with FakeServer(gate) as server, ThreadPoolExecutor(8) as pool:
        rows = [create("custom", url=server.origin, login=None, password=None) for _ in range(8)]
        checks = [pool.submit(check, row) for row in rows]
        gate.wait_for(3)
        refused = islice(as_completed(checks, 30), 5)
        assert [each.result() for each in refused] == ["wait 60"] * 5
        gate.open.set()
        assert sorted(each.result() for each in checks) == ["public"] * 3 + ["wait 60"] * 5
