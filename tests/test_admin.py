"""The admin: choose a kind, fill in its form, check, reset, delete."""

import base64
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
import trustme
from cryptography.fernet import Fernet
from django.contrib.admin import ModelAdmin, site
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from encrypted_model_fields import fields as library

from registries.forms import form_class
from registries.kinds import KINDS, variables
from registries.models import ChangedMeanwhile, Check, Registry
from registries.models.fields import SecretField
from registries.models.queryset import SECRETS
from tests.factories import SAMPLES, build, create
from tests.fakes.server import FakeServer, Reply
from tests.neighbour.models import Mirror, Pipeline
from tests.screens import ADD, LIST, default, page, text_of, user_with

pytestmark = pytest.mark.django_db

BASIC = {"WWW-Authenticate": 'Basic realm="fake"'}


@pytest.fixture
def admin(admin_client: Client) -> Client:
    return admin_client


def errors(response) -> dict[str, list[str]]:
    return response.context["adminform"].form.errors


# Choosing a kind


def test_add_starts_with_the_choice_of_a_kind(admin: Client) -> None:
    response = admin.get(ADD)
    links = re.findall(r'href="\?kind=(\w+)"', text_of(response))
    assert sorted(links) == sorted(KINDS)
    assert links[-1] == "custom"
    assert "no such kind" not in text_of(response)


def test_an_unknown_kind_leads_to_the_choice(admin: Client) -> None:
    assert "This kind does not exist" in text_of(admin.get(ADD, {"kind": "nonsense"}))


@pytest.mark.parametrize("slug", KINDS)
def test_the_form_of_a_kind_has_its_variables_and_no_others(admin: Client, slug: str) -> None:
    html = text_of(admin.get(ADD, {"kind": slug}))
    for name in variables():
        assert (f'name="{name}"' in html) == (name in KINDS[slug].by_name), name


# Adding and changing


@pytest.mark.parametrize("slug", KINDS)
def test_a_row_of_each_kind_is_added(admin: Client, slug: str) -> None:
    response = admin.post(f"{ADD}?kind={slug}", {"name": "Mine", **SAMPLES[slug]})
    assert response.status_code == 302, errors(response)
    row = Registry.objects.get(name="Mine")
    assert (row.kind, row.values()) == (slug, SAMPLES[slug])
    assert row.verify_tls


@pytest.mark.parametrize("slug", KINDS)
def test_errors_stand_at_the_fields_and_nothing_is_saved(admin: Client, slug: str) -> None:
    response = admin.post(f"{ADD}?kind={slug}", {"name": "Mine", "verify_tls_shown": "1"})
    expected = set(KINDS[slug].problems([]) and [p.variable for p in KINDS[slug].problems([])])
    if expected:
        assert set(errors(response)) == expected
        assert not Registry.objects.filter(name="Mine").exists()
    else:
        assert Registry.objects.get(name="Mine").state == "anonymous"


def test_a_bare_host_is_taken_as_https_and_shown_so(admin: Client) -> None:
    """A login server as the Azure portal shows it, which was refused."""
    form = {"name": "Mine", **SAMPLES["acr"], "url": "MyName.azurecr.io"}
    response = admin.post(f"{ADD}?kind=acr", {**form, "prefix": "::"})
    assert set(errors(response)) == {"prefix"}
    assert 'value="https://myname.azurecr.io"' in text_of(response)
    admin.post(f"{ADD}?kind=acr", form)
    row = Registry.objects.get(name="Mine")
    assert row.url == "https://myname.azurecr.io"
    assert 'value="https://myname.azurecr.io"' in text_of(admin.get(page(row)))
    # One word may be a secret that was pasted into the wrong field.
    response = admin.post(f"{ADD}?kind=acr", {**form, "url": "me:hunter2@myname.azurecr.io"})
    assert "azurecr" not in errors(response)["url"][0]


def test_a_prefix_is_stored_without_the_scheme_it_was_pasted_with(admin: Client) -> None:
    form = {"name": "Mine", "prefix": " https://ghcr.io/Acme/ "}
    assert set(errors(admin.post(f"{ADD}?kind=ghcr", form))) == {"prefix"}
    admin.post(f"{ADD}?kind=ghcr", {**form, "prefix": " oci://GHCR.io/acme/ "})
    assert Registry.objects.get(name="Mine").prefix == "ghcr.io/acme"


SPACES = "The password starts or ends with a space, which was kept. Check that it belongs there."


@pytest.mark.parametrize("button", ["_save", "_continue", "_check"])
def test_spaces_around_a_password_are_kept_and_told(admin: Client, button: str) -> None:
    """Nothing is cut without a word, whichever button is pressed."""
    form = {"name": "Mine", "url": "http://127.0.0.1:1", "login": "me", "password": " fake\n"}
    response = admin.post(f"{ADD}?kind=custom", {**form, button: "1"}, follow=True)
    messages = [(message.level_tag, message.message) for message in response.context["messages"]]
    assert ("warning", SPACES) in messages
    if button == "_check":
        assert not Registry.objects.filter(name="Mine").exists()
        return
    row = Registry.objects.get(name="Mine")
    assert row.password.reveal() == " fake"
    # What is stored is not opened to say it again.
    response = admin.post(page(row), {"name": "Mine", "url": row.url, "login": "me"}, follow=True)
    assert [message.message for message in response.context["messages"]] == ["Saved “Mine”."]
    assert row.password.reveal() == " fake"


@pytest.mark.parametrize(
    ("slug", "name", "size", "most"),
    [
        ("custom", "login", 1564, 4096),
        ("custom", "password", 4500, 16384),
        ("hub", "token", 4500, 16384),
        ("gitlab", "username", 1564, 4096),
        ("acr", "clientsecret", 4500, 16384),
        ("quay", "namespace", 255, 255),
    ],
)
def test_long_values_are_taken_and_longer_ones_told_once(
    admin: Client, slug: str, name: str, size: int, most: int
) -> None:
    """A JSON Web Token may be a user name (NGINX Plus); one fault has one sentence."""
    others = {"hub": {"password": ""}}.get(slug, {})
    form = {"name": "Mine", **SAMPLES[slug], **others, name: "x" * size}
    response = admin.post(f"{ADD}?kind={slug}", {**form, name: "x" * (most + 1)})
    assert errors(response) == {name: [f"Shorten this to {most} characters."]}
    admin.post(f"{ADD}?kind={slug}", form)
    assert Registry.objects.get(name="Mine").values()[name] == "x" * size


DEPRECATED = "Deprecated: enter the token as the password instead."


@pytest.mark.parametrize(
    ("values", "notice"),
    [
        ({"login": "me", "token": "fake"}, [DEPRECATED]),
        ({"login": "me", "password": "fake@fake"}, []),
        ({"auth": "bWU6ZmFrZUBmYWtl"}, []),
    ],
)
def test_what_hardly_works_is_saved_with_a_notice(
    admin: Client, values: dict[str, str], notice: list[str]
) -> None:
    form = {"name": "Mine", "prefix": "docker.io/mine", **values}
    response = admin.post(f"{ADD}?kind=hub", form, follow=True)
    messages = [(message.level_tag, message.message) for message in response.context["messages"]]
    assert messages == [("success", "Added “Mine”."), *(("warning", text) for text in notice)]
    row = Registry.objects.get(name="Mine")
    assert row.values() == values
    # Whoever saves it again is told again, and the deprecated secret is not asked for.
    form = {"name": "Ours", "prefix": "docker.io/mine", "login": values.get("login", "")}
    response = admin.post(page(row), form, follow=True)
    messages = [message.message for message in response.context["messages"]]
    assert messages == ["Saved “Ours”.", *notice]


@pytest.mark.parametrize("button", ["_check", "_savecheck", "_save"])
@pytest.mark.parametrize(
    ("slug", "name", "value"),
    [("hub", "login", "me@example.com"), ("ecr", "accesskey", "ASIAFAKEFAKEFAKEFAKE")],
)
def test_what_cannot_work_is_told_before_anybody_is_asked(
    admin: Client, slug: str, name: str, value: str, button: str
) -> None:
    form = {"name": "Mine", **SAMPLES[slug], name: value, button: "1"}
    response = admin.post(f"{ADD}?kind={slug}", form)
    assert set(errors(response)) == {name}
    assert not Check.objects.exists()
    assert not Registry.objects.filter(name="Mine").exists()


def test_the_forms_of_hub_refuse_what_excludes_each_other(admin: Client) -> None:
    everything = {"name": "x", "login": "a", "password": "b", "token": "c", "auth": "YTpi"}
    response = admin.post(f"{ADD}?kind=hub", everything)
    assert set(errors(response)) == {"auth", "token"}


def test_verify_tls_is_off_only_when_the_form_says_so(admin: Client) -> None:
    admin.post(f"{ADD}?kind=hub", {"name": "Silent"})
    admin.post(f"{ADD}?kind=hub", {"name": "Off", "verify_tls_shown": "1"})
    admin.post(f"{ADD}?kind=hub", {"name": "On", "verify_tls_shown": "1", "verify_tls": "on"})
    rows = Registry.objects.filter(is_default=False).values_list("name", "verify_tls")
    assert dict(rows) == {"Silent": True, "Off": False, "On": True}


def token_of(row: Registry, name: str = "password") -> str | None:
    secret = Registry.objects.get(pk=row.pk).raw_value(name)
    return secret and secret.token


def test_blank_keeps_a_secret_and_only_the_box_clears_it(admin: Client) -> None:
    """#12: an empty field never erases."""
    row = create("custom")
    before = token_of(row)
    form = {"name": row.name, "url": row.url, "login": row.login}
    admin.post(page(row), {**form, "password": "   "})
    assert token_of(row) == before
    response = admin.post(page(row), {**form, "password": "new", "password_clear": "on"})
    assert set(errors(response)) == {"password"}
    assert token_of(row) == before
    response = admin.post(page(row), {**form, "password_clear": "on"})
    assert set(errors(response)) == {"password"}, "login without password"
    admin.post(page(row), {**form, "login": "", "password_clear": "on"})
    assert token_of(row) is None
    assert Registry.objects.get(pk=row.pk).state == "anonymous"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"auth": ""},
        {"auth": "   "},
        {"auth": "", "auth_do": "keep"},
        {"auth": "typed and hidden again", "auth_do": "keep"},
    ],
    ids=["nothing", "empty", "white space", "keep", "keep after all"],
)
def test_what_is_blank_keeps_a_secret_that_the_rules_could_do_without(
    admin: Client, sent: dict[str, str]
) -> None:
    """#12: saved each time, so that no rule stands in for it."""
    row = create("custom", login=None, password=None, auth="am9objpmYWtl")
    before = token_of(row, "auth")
    assert admin.post(page(row), {"name": "Saved", "url": row.url, **sent}).status_code == 302
    assert Registry.objects.get(pk=row.pk).name == "Saved"
    assert token_of(row, "auth") == before
    form = {"name": "Saved", "url": row.url, "auth": "", "auth_clear": "on"}
    assert admin.post(page(row), form).status_code == 302
    assert token_of(row, "auth") is None


def test_moving_from_auth_to_login_and_password_is_one_save(admin: Client) -> None:
    row = create("gitea", login=None, password=None, auth="am9obmRvZTpzZWNyZXQ=")
    form = {"name": row.name, "url": row.url, "login": "john", "password": "secret"}
    response = admin.post(page(row), form)
    assert set(errors(response)) == {"auth"}
    assert admin.post(page(row), {**form, "auth_clear": "on"}).status_code == 302
    assert Registry.objects.get(pk=row.pk).values() == {
        "url": row.url,
        "login": "john",
        "password": "secret",
    }


def test_pasted_ciphertext_is_literal_text(admin: Client) -> None:
    """#3: the form decrypts nothing, so nobody can use it to read what was stolen elsewhere."""
    stolen = token_of(create("custom"))
    form = {"name": "Thief", "url": "https://evil.example", "login": "x", "password": stolen}
    assert admin.post(f"{ADD}?kind=custom", form).status_code == 302
    assert Registry.objects.get(name="Thief").password.reveal() == stolen


def test_a_changed_address_asks_for_the_secret(admin: Client) -> None:
    """#30: in the form as in the model."""
    row = create("custom")
    form = {"name": row.name, "url": "https://evil.example", "login": row.login}
    response = admin.post(page(row), form)
    assert set(errors(response)) == {"password"}
    assert Registry.objects.get(pk=row.pk).url == row.url
    assert admin.post(page(row), {**form, "password": "again"}).status_code == 302


@pytest.mark.parametrize("button", ["_save", "_savecheck", "_check"])
@pytest.mark.parametrize("trusts", ["anybody", "its authority"])
def test_a_server_that_was_not_trusted_gets_no_stored_secret(trusts: str, button: str) -> None:
    """#88: whichever button is pressed; entered again, the secret is what was meant to be sent.

    Who may hand over, such as a superuser, may send it anywhere: tests/handover/test_admin.py.
    """
    admin = user_with("view", "change")
    authority = trustme.CA()
    with FakeServer(lambda request: Reply(401, b"", BASIC), authority) as server:
        row = create("custom", url=server.origin)
        form = {"name": row.name, "url": row.url, "login": row.login, "verify_tls_shown": "1"}
        if trusts == "its authority":
            form |= {"ca_certificate": authority.cert_pem.bytes().decode(), "verify_tls": "on"}
        response = admin.post(page(row), {**form, "password_do": "keep", button: "1"})
        assert set(errors(response)) == {"password"}
        assert "Enter it again to confirm." in text_of(response)
        assert server.requests == []
        stored = Registry.objects.get(pk=row.pk)
        assert (stored.verify_tls, stored.ca_certificate) == (True, "")
        admin.post(page(row), {**form, "password": "typed", "_check": "1"})
        assert server.requests[-1].basic == (row.login, "typed")


def test_certificates_are_verified_again_without_the_secret(admin: Client) -> None:
    """#88: what is stricter asks for nothing."""
    row = create("custom", verify_tls=False)
    form = {"name": row.name, "url": row.url, "login": row.login, "verify_tls_shown": "1"}
    assert admin.post(page(row), {**form, "verify_tls": "on"}).status_code == 302
    row = Registry.objects.get(pk=row.pk)
    assert row.verify_tls
    assert row.values() == SAMPLES["custom"]


def test_what_was_typed_stays_after_an_error_but_no_secret(admin: Client, canary: str) -> None:
    """#11: an error page shows the plain values that were typed, and no secret."""
    form = {"name": "", "url": "https://typed.example", "login": "typed-login", "password": canary}
    html = text_of(admin.post(f"{ADD}?kind=custom", form))
    assert "https://typed.example" in html
    assert "typed-login" in html
    assert canary not in html


@pytest.mark.parametrize("slug", KINDS)
def test_no_secret_stands_in_a_form_that_is_shown_again(
    admin: Client, slug: str, canary: str
) -> None:
    """#11: of every kind, of a new row and of a stored one, refused or only tried."""
    typed = dict.fromkeys(KINDS[slug].secrets, canary)
    for address in (f"{ADD}?kind={slug}", page(create(slug))):
        for more in ({}, {"ca_certificate": "junk"}, {"_check": "1", "prefix": "::"}):
            response = admin.post(address, {"name": "", **typed, **more})
            assert response.status_code == 200
            assert canary not in text_of(response)


@pytest.mark.parametrize("slug", KINDS)
def test_no_error_repeats_what_was_typed(admin: Client, slug: str, canary: str) -> None:
    """#17: a secret in the wrong field is not written into a sentence."""
    names = [*form_class(KINDS[slug]).base_fields, *(f"{name}_do" for name in KINDS[slug].secrets)]
    values = (canary, f"{canary}\x01", f"{{{canary}:{canary}", canary * 200)
    typed, *others = (dict.fromkeys(names, value) for value in values)
    for form in (typed, {**typed, "sign_in": ""}, {**typed, "_check": "1"}, *others):
        result = errors(admin.post(f"{ADD}?kind={slug}", form))
        assert result
        assert canary not in str(dict(result))


@pytest.mark.parametrize("slug", KINDS)
@pytest.mark.parametrize("stored", [True, False], ids=["stored", "new"])
def test_inputs_ask_browsers_to_keep_out(admin: Client, slug: str, stored: bool) -> None:
    """#13: no password manager fills in, or stores, what is no login of its user's."""
    html = text_of(admin.get(page(create(slug)) if stored else f"{ADD}?kind={slug}"))
    for name, variable in KINDS[slug].by_name.items():
        (field,) = re.findall(rf'<(?:input|textarea|select)[^>]* name="{name}"[^>]*>', html)
        if variable.secret:
            assert 'autocomplete="new-password"' in field
            assert "value=" not in field
        elif not field.startswith("<select"):
            assert 'autocomplete="off"' in field


# Two people at once


def test_the_second_to_save_is_told_and_keeps_what_was_typed(admin: Client) -> None:
    """#56: the page that was opened earlier overwrites nothing by itself."""
    row = create("custom")
    opened = row.version
    other = Registry.objects.get(pk=row.pk)
    other.login = "theirs"
    other.save()
    form = {"name": "Mine now", "url": row.url, "login": "mine", "opened_version": str(opened)}
    response = admin.post(page(row), form)
    assert "Somebody else saved" in text_of(response)
    assert 'value="Mine now"' in text_of(response)
    assert Registry.objects.get(pk=row.pk).login == "theirs"
    version = re.search(r'name="opened_version" value="(\d+)"', text_of(response))[1]
    assert admin.post(page(row), {**form, "opened_version": version}).status_code == 302
    assert Registry.objects.get(pk=row.pk).login == "mine"


@pytest.fixture
def lose_the_race(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the first write fail because of what somebody else wrote after the validation."""

    def lose(error: Exception, meanwhile: Callable[[], object]) -> None:
        def first(self: ModelAdmin, *args: object, **kwargs: object) -> None:
            monkeypatch.undo()
            meanwhile()
            raise error

        monkeypatch.setattr(ModelAdmin, "changeform_view", first)

    return lose


def test_somebody_faster_between_validation_and_write_is_noticed(
    admin: Client, lose_the_race: Callable[..., None]
) -> None:
    row = create("custom")
    lose_the_race(ChangedMeanwhile(), Registry.objects.get(pk=row.pk).save)
    form = {"name": "Mine", "url": row.url, "login": "mine", "opened_version": str(row.version)}
    response = admin.post(page(row), form)
    assert "Somebody else saved" in text_of(response)
    assert Registry.objects.get(pk=row.pk).name == row.name


def test_a_name_taken_between_validation_and_write_is_an_error_at_name(
    admin: Client, lose_the_race: Callable[..., None]
) -> None:
    lose_the_race(IntegrityError(), lambda: create("hub", name="Taken"))
    response = admin.post(f"{ADD}?kind=hub", {"name": "taken"})
    assert set(errors(response)) == {"name"}


# Delete and Reset


def test_each_row_has_the_button_that_is_its_own(admin: Client) -> None:
    own, hub = create("hub"), default("hub")
    hub.prefix = "docker.io/acme"
    hub.save()
    assert f"{LIST}{own.pk}/delete/" in text_of(admin.get(page(own)))
    assert f"{LIST}{own.pk}/reset/" not in text_of(admin.get(page(own)))
    assert f"{LIST}{hub.pk}/reset/" in text_of(admin.get(page(hub)))
    assert f"{LIST}{hub.pk}/delete/" not in text_of(admin.get(page(hub)))


def test_delete_asks_then_deletes(admin: Client) -> None:
    row = create("hub")
    assert admin.get(page(row, "delete")).status_code == 200
    assert Registry.objects.filter(pk=row.pk).exists()
    admin.post(page(row, "delete"), {"post": "yes"})
    assert not Registry.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_delete_refuses_a_default_row_and_says_why(admin: Client, method: str) -> None:
    row = default("hub")
    response = getattr(admin, method)(page(row, "delete"), {"post": "yes"}, follow=True)
    assert "these are not deleted" in text_of(response)
    assert Registry.objects.filter(pk=row.pk).exists()


def configure(slug: str) -> Registry:
    row = default(slug)
    for name, value in SAMPLES[slug].items():
        setattr(row, name, value)
    row.save()
    return row


def test_reset_asks_then_makes_anonymous(admin: Client) -> None:
    row = configure("hub")
    assert "becomes anonymous again" in text_of(admin.get(page(row, "reset")))
    assert Registry.objects.get(pk=row.pk).state == "authenticated"
    response = admin.post(page(row, "reset"), {"post": "yes"}, follow=True)
    assert "is anonymous again" in text_of(response)
    assert Registry.objects.get(pk=row.pk).state == "anonymous"


@pytest.mark.parametrize("method", ["get", "post"])
def test_reset_refuses_any_other_row_and_says_why(admin: Client, method: str) -> None:
    row = create("hub")
    response = getattr(admin, method)(page(row, "reset"), {"post": "yes"}, follow=True)
    assert "delete it instead" in text_of(response)
    assert Registry.objects.get(pk=row.pk).state == "authenticated"


@pytest.mark.parametrize("name", ["reset", "check", "delete"])
def test_a_row_that_is_gone_is_said_to_be_gone(admin: Client, name: str) -> None:
    for pk in ("999999", "nonsense", "9" * 40, "_00"):
        response = admin.post(f"{LIST}{pk}/{name}/", follow=True)
        assert response.status_code == 200


# Actions


def act(client: Client, action: str, rows, **data: str):
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(LIST, {**chosen, **data}, follow=True)


def test_delete_selected_asks_and_leaves_default_rows_alone(admin: Client) -> None:
    own, hub = create("hub"), configure("hub")
    response = act(admin, "delete_selected", [own, hub])
    assert "Delete 1 registry" in text_of(response)
    assert "reset it instead" in text_of(response)
    assert Registry.objects.filter(pk=own.pk).exists()
    response = act(admin, "delete_selected", [own, hub], post="yes")
    assert "Deleted 1 registry" in text_of(response)
    assert not Registry.objects.filter(pk=own.pk).exists()
    assert Registry.objects.filter(pk=hub.pk).exists()


def test_nothing_to_reset_is_said_so(admin: Client) -> None:
    response = act(admin, "reset_selected", [default("hub")])
    assert "<h1>Nothing to reset</h1>" in text_of(response)


def test_reset_selected_asks_and_leaves_other_rows_alone(admin: Client) -> None:
    own, hub = create("hub"), configure("hub")
    response = act(admin, "reset_selected", [own, hub])
    assert "Reset 1 registry" in text_of(response)
    assert "delete it instead" in text_of(response)
    assert Registry.objects.get(pk=hub.pk).state == "authenticated"
    act(admin, "reset_selected", [own, hub], post="yes")
    assert Registry.objects.get(pk=hub.pk).state == "anonymous"
    assert Registry.objects.get(pk=own.pk).state == "authenticated"


# What a site's own rows refer to


def selected(client: Client, rows, **data: str):
    return act(client, "delete_selected", rows, **data)


def test_what_is_deleted_along_is_told_first(admin: Client) -> None:
    row, other = create("hub"), create("hub")
    Mirror.objects.create(name="Mine", registry=row)
    for answer in (admin.get(page(row, "delete")), selected(admin, [row, other])):
        assert "Deleted along with them: mirrors (1)." in text_of(answer)
    assert "along with" not in text_of(admin.get(page(other, "delete")))
    selected(admin, [row, other], post="yes")
    assert not Mirror.objects.exists()


def test_a_row_that_others_need_is_kept_and_they_are_named(admin: Client) -> None:
    row, other = create("hub"), create("hub")
    Pipeline.objects.create(name="Nightly & more", registry=row)
    for answer in (
        admin.get(page(row, "delete")),
        admin.post(page(row, "delete"), {"post": "yes"}, follow=True),
        selected(admin, [row, other]),
        selected(admin, [row, other], post="yes"),
    ):
        assert f"“{row}” is needed by: Pipeline: Nightly & more." in text_of(answer)
    assert Registry.objects.filter(pk__in=[row.pk, other.pk]).get() == row


@pytest.fixture
def _mirrors_are_in_the_admin() -> Iterator[None]:
    site.register(Mirror)
    yield
    site.unregister(Mirror)


@pytest.mark.usefixtures("_mirrors_are_in_the_admin")
def test_nobody_deletes_along_what_he_may_not_delete() -> None:
    robin = user_with("view", "delete")
    row = create("hub")
    Mirror.objects.create(name="Mine", registry=row)
    for answer in (
        robin.get(page(row, "delete")),
        robin.post(page(row, "delete"), {"post": "yes"}, follow=True),
        selected(robin, [row]),
        selected(robin, [row], post="yes"),
    ):
        assert f"You do not have permission to delete what belongs to “{row}”: mirror." in text_of(
            answer
        )
    assert Mirror.objects.exists()


def test_a_popup_that_deletes_tells_the_page_that_opened_it(admin: Client) -> None:
    row = create("hub")
    address = f"{page(row, 'delete')}?_to_field=id&_popup=1"
    form = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', text_of(admin.get(address)))
    answer = admin.post(address, dict(form))
    assert "data-popup-response" in text_of(answer)
    assert not Registry.objects.filter(pk=row.pk).exists()


# Who may do what


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        ((), set()),
        (("view",), {"list", "open"}),
        (("view", "change"), {"list", "open", "save", "check", "reset"}),
        (("view", "delete"), {"list", "open", "delete"}),
        (("view", "add"), {"list", "open", "choose", "add"}),
    ],
    ids=["nothing", "view", "change", "delete", "add"],
)
def test_every_page_asks_for_its_permission(
    permissions: tuple[str, ...], allowed: set[str]
) -> None:
    """#25: an action or a page needs more than being staff."""
    client = user_with(*permissions)
    own, hub = create("hub"), configure("hub")
    answers = {
        "list": client.get(LIST),
        "open": client.get(page(own)),
        "choose": client.get(ADD),
        "add": client.get(f"{ADD}?kind=hub"),
        "save": client.post(page(own), {"name": "Saved", "login": "x"}),
        "check": None,
        "reset": client.post(page(hub, "reset"), {"post": "yes"}),
        "delete": client.get(page(own, "delete")),
    }
    for name, answer in answers.items():
        if answer is not None:
            assert (answer.status_code == 403) == (name not in allowed), name
    assert (Registry.objects.get(pk=own.pk).name == "Saved") == ("save" in allowed)
    assert (Registry.objects.get(pk=hub.pk).state == "anonymous") == ("reset" in allowed)
    if "check" not in allowed:
        assert client.post(page(own, "check")).status_code == 403


@pytest.mark.parametrize("action", ["check_selected", "reset_selected", "delete_selected"])
def test_no_action_runs_for_a_viewer(action: str) -> None:
    """#25: actions ask for their permission."""
    client = user_with("view")
    own, hub = create("hub"), configure("hub")
    act(client, action, [own, hub], post="yes")
    assert Registry.objects.get(pk=own.pk).last_check is None
    assert Registry.objects.get(pk=hub.pk).state == "authenticated"


def test_checking_needs_post_and_csrf() -> None:
    """#25, #26: a link or another site cannot make the site call a registry."""
    row = default("hub")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("root"))
    assert strict.get(page(row, "check")).status_code == 405
    assert strict.post(page(row, "check")).status_code == 403
    assert strict.post(page(row, "reset")).status_code == 403


def test_a_viewer_sees_whether_a_secret_is_set(canary: str) -> None:
    """#10: the view-only page says set or not set."""
    row = create("custom", password=canary)
    html = text_of(user_with("view").get(page(row)))
    assert canary not in html
    assert row.raw_value("password").token not in html
    assert re.search(r"Password.*?Set", html, re.DOTALL)
    assert "Not set" in html


@pytest.mark.parametrize("permissions", [("view",), ("view", "change"), None], ids=str)
@pytest.mark.parametrize("slug", KINDS)
def test_no_page_of_a_row_shows_its_secrets(
    slug: str, permissions: tuple[str, ...] | None, admin: Client, canary: str
) -> None:
    """#10: for a viewer, a changer and a superuser; neither opened nor sealed, nor in base64."""
    row = build(slug, **dict.fromkeys(KINDS[slug].secrets, canary))
    row.save()
    sealed = [row.raw_value(name).token for name in KINDS[slug].secrets]
    client = admin if permissions is None else user_with(*permissions)
    pages = [page(row)]
    if permissions is None:
        pages += [LIST, f"{LIST}?_popup=1", page(row, "history"), page(row, "delete")]
    client.cookies["registries_view"] = "table"
    encoded = base64.b64encode(f"johndoe:{canary}".encode()).decode().rstrip("=")
    for address in pages:
        response = client.get(address)
        assert response.status_code == 200
        assert row.name in text_of(response)
        leaked = [text for text in (canary, encoded, *sealed) if text in text_of(response)]
        assert not leaked, address


# Lookups


@pytest.mark.parametrize("name", [*variables(), "key_id", "name", "checks__code"])
def test_no_lookup_of_the_list_lets_anybody_guess(admin: Client, name: str) -> None:
    """#14: filters are an allow-list."""
    create("custom")
    for lookup in ("", "__exact", "__startswith", "__regex", "__isnull", "__in"):
        response = admin.get(LIST, {f"{name}{lookup}": "g"})
        assert response.status_code in {302, 400}, lookup


@pytest.mark.parametrize("name", SECRETS)
def test_no_registered_lookup_of_a_secret_is_answered(admin: Client, name: str) -> None:
    """#14: whatever lookups there are, also with values that PostgreSQL fails on."""
    create("custom")
    for lookup in ("", *SecretField.get_lookups(), "length", "length__gt"):
        for value in ("g", "\x00", "("):
            response = admin.get(LIST, {f"{name}__{lookup}".removesuffix("__"): value})
            assert response.status_code in {302, 400}, lookup


@pytest.mark.parametrize("query", [{"name": "\x00"}, {"name__regex": "("}, {"key_id__regex": "("}])
def test_no_lookup_reaches_the_database(admin: Client, query: dict[str, str]) -> None:
    """#14: what PostgreSQL would answer with an error is not asked at all."""
    assert admin.get(LIST, query).status_code in {302, 400}


@pytest.mark.parametrize("query", [{"q": "\x00"}, {"q": "'"}, {"state": "x"}, {"verdict": "\x00"}])
def test_odd_filters_do_no_harm(admin: Client, query: dict[str, str]) -> None:
    """#63: nothing typed into the list's address makes a 500."""
    assert admin.get(LIST, query).status_code in {200, 302, 400}


@pytest.mark.parametrize("text", ["a " * 1500, "x" * 70000])
def test_a_search_of_any_length_is_answered(admin: Client, text: str) -> None:
    """#63: a search becomes conditions, of which a database takes so many."""
    assert admin.get(LIST, {"q": text}).status_code == 200


@pytest.mark.parametrize("pk", ["abc", "", "1.5", "\x00", "9" * 30, "²"])
@pytest.mark.parametrize("action", ["check_selected", "reset_selected", "delete_selected"])
def test_what_is_no_row_is_not_selected(admin: Client, action: str, pk: str) -> None:
    """#63: hand-made selections are no 500."""
    data = {"action": action, "_selected_action": [pk], "post": "yes"}
    assert admin.post(LIST, data).status_code in {200, 302}


def test_rows_of_a_later_version_do_no_harm(admin: Client) -> None:
    row = create("custom")
    Registry.objects.filter(pk=row.pk).update(
        check_verdict="later", check_code="later", checked_at=row.created_at
    )
    row.checks.create(verdict="later", code="later", checked_at=row.created_at)
    for address in (LIST, page(row), page(row, "history")):
        assert admin.get(address).status_code == 200
    assert admin.get("/gateway/v1/registries/").status_code == 200
    Registry.objects.filter(pk=row.pk).update(kind="later")
    assert admin.get(LIST).status_code == 200
    assert admin.get(f"/gateway/v1/registries/{row.pk}/").status_code == 200


def test_filters_find_rows(admin: Client) -> None:
    row = create("custom")
    for query in ({"kind__exact": "custom"}, {"state": "authenticated"}, {"q": "registry.example"}):
        response = admin.get(LIST, query)
        assert [result.pk for result in response.context["cl"].result_list] == [row.pk]
    assert not admin.get(LIST, {"verdict": "valid"}).context["cl"].result_list
    response = admin.get(LIST, {"verdict": "none", "state": "own"})
    assert [result.pk for result in response.context["cl"].result_list] == [row.pk]


# Addresses


@pytest.mark.parametrize("name", [*SECRETS, "key_id", "uid", "name", "nonsense", "password__x", ""])
def test_no_address_refers_to_rows_by_a_secret(admin: Client, name: str, canary: str) -> None:
    """#29: what other pages' popups may ask a row for is its ID."""
    row = create("custom", password=canary)
    form = {"name": "New", "_popup": "1", "_to_field": name}
    answers = [
        admin.get(address, {"_to_field": name, "_popup": "1"})
        for address in (LIST, page(row), page(row, "delete"), page(row, "history"))
    ]
    answers.append(admin.post(f"{ADD}?kind=hub", form))
    for answer in answers:
        assert answer.status_code in ({200} if name == "" else {200, 302, 400})
        assert canary not in text_of(answer)
        assert row.raw_value("password").token not in text_of(answer)
    assert [answers[0].status_code, answers[-1].status_code] == [200 if name == "" else 400] * 2
    assert Registry.objects.filter(name="New").exists() is (name == "")


def test_rows_are_suggested_to_who_may_see_them(admin: Client, canary: str) -> None:
    """#29: by their names, hosts and prefixes; never by a secret, whatever field is asked for."""
    row = create("custom", password=canary)
    params = {"app_label": "registries", "model_name": "check", "field_name": "registry"}
    response = admin.get("/backstage/autocomplete/", {**params, "term": row.name})
    assert response.json()["results"] == [{"id": str(row.pk), "text": row.name}]
    for term in (canary, row.raw_value("password").token):
        assert admin.get("/backstage/autocomplete/", {**params, "term": term}).json() == {
            "results": [],
            "pagination": {"more": False},
        }
    params["term"] = row.name
    assert user_with().get("/backstage/autocomplete/", params).status_code == 403
    assert Client().get("/backstage/autocomplete/", params).status_code == 302


def test_a_search_that_is_kept_for_later_finds_no_secret(admin: Client, canary: str) -> None:
    """#29: an address that leads back to the list finds what the list finds."""
    row = create("custom", url="http://127.0.0.1:9", password=canary)
    for text, expected in ((canary, []), (row.name, [row.name])):
        query = urlencode({"_changelist_filters": urlencode({"q": text})})
        answer = admin.post(f"{page(row, 'check')}?{query}", {"_list": "1"}, follow=True)
        assert [result.name for result in answer.context["cl"].result_list] == expected


# Many rows, wrong key


def test_a_thousand_rows_take_constant_queries_and_no_decryption(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """#14: the list never opens a secret, however many there are."""
    decrypted: list[str] = []
    monkeypatch.setattr(library, "decrypt_str", decrypted.append)
    with CaptureQueriesContext(connection) as few:
        admin.get(LIST)
    rows = [build("custom") for _ in range(1000)]
    for row in rows:
        row.derive()
    Registry.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as many:
        assert admin.get(LIST).status_code == 200
        assert admin.get(LIST, {"all": ""}).status_code == 200
    assert len(many) <= 2 * len(few)
    assert decrypted == []


def test_with_a_wrong_key_every_page_opens_and_a_save_harms_nothing(
    admin: Client, use_keys
) -> None:
    """#1, #2: the pages open, the row says so, and another field can be saved."""
    row = create("custom")
    before = token_of(row)
    use_keys(Fernet.generate_key())
    assert "Secrets cannot be read" in text_of(admin.get(LIST))
    for name in ("change", "history", "delete"):
        assert admin.get(page(row, name)).status_code == 200
    assert "Secrets cannot be read" in text_of(admin.get(page(row)))
    admin.post(page(row), {"name": "Renamed", "url": row.url, "login": row.login})
    assert Registry.objects.get(pk=row.pk).name == "Renamed"
    assert token_of(row) == before
    html = text_of(admin.post(page(row, "check"), follow=True))
    assert "stored secrets cannot be decrypted" in html
    assert Registry.objects.get(pk=row.pk).last_check.code == "secret_unreadable"


# History


def test_history_names_variables_and_never_values(admin: Client, canary: str) -> None:
    """#24: who did what, without what it was."""
    row = create("custom")
    form = {"name": row.name, "url": row.url, "login": "typed-login", "password": canary}
    admin.post(page(row), form)
    entries = list(LogEntry.objects.values_list("change_message", flat=True))
    assert any("Password" in entry for entry in entries)
    assert not any(canary in entry or "typed-login" in entry for entry in entries)
    assert admin.get(page(row, "history")).status_code == 200


def test_the_admin_site_of_another_name_works(admin: Client) -> None:
    assert reverse("admin:registries_registry_changelist") == LIST
