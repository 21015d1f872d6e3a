"""The admin: choose a kind, fill in its form, check, reset, delete."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
import trustme
from cryptography.fernet import Fernet
from django.contrib.admin import ModelAdmin, site
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client

from registries.forms import form_class
from registries.kinds import KINDS, variables
from registries.models import ChangedMeanwhile, Check, Registry
from registries.models.fields import SecretField
from registries.models.queryset import SECRETS
from tests.factories import SAMPLES, create
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
def test_the_form_of_a_kind_has_its_variables_and_keeps_browsers_out(
    admin: Client, slug: str
) -> None:
    """#13: no password manager fills in, or stores, what is no login of its user's."""
    for address in (f"{ADD}?kind={slug}", page(create(slug))):
        html = text_of(admin.get(address))
        for name in variables():
            fields = re.findall(rf'<(?:input|textarea|select)[^>]* name="{name}"[^>]*>', html)
            assert len(fields) == (name in KINDS[slug].by_name), name
            for field in fields:
                if KINDS[slug].by_name[name].secret:
                    assert 'autocomplete="new-password"' in field
                    assert "value=" not in field
                elif not field.startswith("<select"):
                    assert 'autocomplete="off"' in field


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
    if expected := {problem.variable for problem in KINDS[slug].problems([])}:
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


def test_what_is_blank_keeps_a_secret_that_the_rules_could_do_without(admin: Client) -> None:
    """#12: saved each time, so that no rule stands in for it."""
    row = create("custom", login=None, password=None, auth="am9objpmYWtl")
    before = token_of(row, "auth")
    hidden = {"auth": "typed and hidden again", "auth_do": "keep"}
    for sent in ({}, {"auth": ""}, {"auth": "   "}, {"auth": "", "auth_do": "keep"}, hidden):
        name = "".join(re.findall(r"\w+", f"Saved {sent}"))
        assert admin.post(page(row), {"name": name, "url": row.url, **sent}).status_code == 302
        assert Registry.objects.get(pk=row.pk).name == name
        assert token_of(row, "auth") == before
    form = {"name": "Saved", "url": row.url, "auth": "", "auth_clear": "on"}
    assert admin.post(page(row), form).status_code == 302
    assert token_of(row, "auth") is None


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


# Two people at once


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


def configure(slug: str) -> Registry:
    row = default(slug)
    for name, value in SAMPLES[slug].items():
        setattr(row, name, value)
    row.save()
    return row


def act(client: Client, action: str, rows, **data: str):
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(LIST, {**chosen, **data}, follow=True)


def state_of(row: Registry) -> str:
    return next((each.state for each in Registry.objects.filter(pk=row.pk)), "gone")


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "selected"])
@pytest.mark.parametrize(
    ("verb", "asks", "instead", "refuses", "state"),
    [
        ("delete", "Delete 1 registry", "reset it instead", "these are not deleted", "gone"),
        ("reset", "becomes anonymous", "delete it instead", "nothing to reset", "anonymous"),
    ],
    ids=["delete", "reset"],
)
def test_a_default_row_is_reset_and_any_other_deleted(
    admin: Client, verb: str, asks: str, instead: str, refuses: str, state: str, alone: bool
) -> None:
    """Either asks first, and says of the other row why it is left alone."""
    own, hub = create("hub"), configure("hub")
    row, other = (own, hub) if verb == "delete" else (hub, own)
    for each in (row, other):
        assert (page(each, verb) in text_of(admin.get(page(each)))) is (each is row)
    for method in (admin.get, admin.post):
        for each, why in ((other, instead), (default("quay"), refuses)):
            assert why in text_of(method(page(each, verb), {"post": "yes"}, follow=True))
    assert asks in text_of(admin.get(page(row, verb)))
    asked = text_of(act(admin, f"{verb}_selected", [row, other]))
    assert f"{verb.title()} 1 registry" in asked
    assert instead in asked
    assert state_of(row) == state_of(other) == "authenticated"
    if alone:
        answer = admin.post(page(row, verb), {"post": "yes"}, follow=True)
    else:
        answer = act(admin, f"{verb}_selected", [row, other], post="yes")
    done = {"delete": "deleted", "reset": "is anonymous again"}[verb]
    assert done in " ".join(str(message) for message in answer.context["messages"]).lower()
    assert (state_of(row), state_of(other)) == (state, "authenticated")


@pytest.mark.parametrize("name", ["reset", "check", "delete"])
def test_a_row_that_is_gone_is_said_to_be_gone(admin: Client, name: str) -> None:
    for pk in ("999999", "nonsense", "9" * 40, "_00"):
        response = admin.post(f"{LIST}{pk}/{name}/", follow=True)
        assert response.status_code == 200


def test_nothing_to_reset_is_said_so(admin: Client) -> None:
    response = act(admin, "reset_selected", [default("hub")])
    assert "<h1>Nothing to reset</h1>" in text_of(response)


# What a site's own rows refer to


def test_what_is_deleted_along_is_told_first(admin: Client) -> None:
    row, other = create("hub"), create("hub")
    Mirror.objects.create(name="Mine", registry=row)
    for answer in (admin.get(page(row, "delete")), act(admin, "delete_selected", [row, other])):
        assert "Deleted along with them: mirrors (1)." in text_of(answer)
    assert "along with" not in text_of(admin.get(page(other, "delete")))
    act(admin, "delete_selected", [row, other], post="yes")
    assert not Mirror.objects.exists()


def test_a_row_that_others_need_is_kept_and_they_are_named(admin: Client) -> None:
    row, other = create("hub"), create("hub")
    Pipeline.objects.create(name="Nightly & more", registry=row)
    for answer in (
        admin.get(page(row, "delete")),
        admin.post(page(row, "delete"), {"post": "yes"}, follow=True),
        act(admin, "delete_selected", [row, other]),
        act(admin, "delete_selected", [row, other], post="yes"),
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
        act(robin, "delete_selected", [row]),
        act(robin, "delete_selected", [row], post="yes"),
    ):
        refusal = f"You do not have permission to delete what belongs to “{row}”: mirror."
        assert refusal in text_of(answer)
    assert Mirror.objects.exists()


def test_a_popup_that_deletes_tells_the_page_that_opened_it(admin: Client) -> None:
    row = create("hub")
    address = f"{page(row, 'delete')}?_to_field=id&_popup=1"
    form = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', text_of(admin.get(address)))
    answer = admin.post(address, dict(form))
    assert "data-popup-response" in text_of(answer)
    assert not Registry.objects.filter(pk=row.pk).exists()


# Who may do what


def test_checking_needs_post_and_csrf() -> None:
    """#25, #26: a link or another site cannot make the site call a registry."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("root"))
    assert strict.get(page(default("hub"), "check")).status_code == 405
    for verb in ("check", "reset"):
        assert strict.post(page(default("hub"), verb)).status_code == 403


# Lookups


@pytest.mark.parametrize("name", [*variables(), "key_id", "name", "checks__code"])
def test_no_lookup_of_the_list_lets_anybody_guess(admin: Client, name: str) -> None:
    """#14: filters are an allow-list, so nothing reaches a database that could fail on it."""
    create("custom")
    lookups = ["", "__exact", "__startswith", "__regex", "__isnull", "__in"]
    if name in SECRETS:
        lookups += [f"__{lookup}" for lookup in (*SecretField.get_lookups(), "length__gt")]
    for lookup in dict.fromkeys(lookups):
        for value in ("g", "\x00", "("):
            response = admin.get(LIST, {f"{name}{lookup}": value})
            assert response.status_code in {302, 400}, (lookup, value)


@pytest.mark.parametrize(
    "query",
    [
        *({"q": text} for text in ("\x00", "'", "a " * 1500, "x" * 70000)),
        {"state": "x"},
        {"verdict": "\x00"},
    ],
    ids=["null", "quote", "many words", "long", "no state", "no verdict"],
)
def test_odd_filters_do_no_harm(admin: Client, query: dict[str, str]) -> None:
    """#63: nothing typed is a 500; a search becomes conditions, of which databases take so many."""
    status = admin.get(LIST, query).status_code
    assert status in ({200} if "q" in query else {200, 302, 400})


@pytest.mark.parametrize("action", ["check_selected", "reset_selected", "delete_selected"])
def test_what_is_no_row_is_not_selected(admin: Client, action: str) -> None:
    """#63: hand-made selections are no 500."""
    for pk in ("abc", "", "1.5", "\x00", "9" * 30, "²"):
        data = {"action": action, "_selected_action": [pk], "post": "yes"}
        assert admin.post(LIST, data).status_code in {200, 302}, pk


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


# A wrong key


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
