"""The admin: who says what may leave, who entrusts secrets anew, and what the audit shows."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from registries import services
from registries.handover import HandoverRefused
from registries.handover.recipient import Recipient
from registries.models import Handover, Registry
from registries.models.certificates import described
from registries.models.handover import Way
from tests.api.conftest import ROOT
from tests.factories import create, loaded
from tests.models.test_certificates import ONE, TWO
from tests.screens import LIST

pytestmark = pytest.mark.django_db
FORM = {"login": "johndoe", "verify_tls_shown": "1", "verify_tls": "on"}


def somebody(*codenames: str) -> Client:
    user = User.objects.create_user("-".join(codenames), is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def editor() -> Client:
    return somebody("view_registry", "change_registry", "add_registry")


@pytest.fixture
def keeper() -> Client:
    """Who may hand over as well."""
    return somebody("view_registry", "change_registry", "hand_over_registry")


def saved(client: Client, row: Registry, **fields: str) -> Any:
    data = {**FORM, "name": row.name, "url": row.url, **fields}
    if fields.get("verify_tls") == "":
        del data["verify_tls"]
    response = client.post(f"{LIST}{row.pk}/change/", data)
    row.refresh_from_db()
    return response


def test_only_who_may_hand_over_says_what_may_leave(editor: Client, keeper: Client) -> None:
    """#67: the field is shown to others, and what they send for it is not read."""
    row = create("custom")
    for value in ("any", "short", "nonsense"):
        assert saved(editor, row, handover=value, name="By editor").status_code == 302
        assert (row.handover, row.name) == ("none", "By editor")
    assert saved(keeper, row, handover="any").status_code == 302
    assert row.handover == "any"
    assert saved(editor, row, handover="none").status_code == 302
    assert row.handover == "any"
    # A form that does not send it leaves it as it is.
    assert saved(keeper, row, name="By keeper").status_code == 302
    assert (row.handover, row.name) == ("any", "By keeper")
    assert saved(keeper, row, handover="short").status_code == 200
    assert row.handover == "any"
    page = editor.get(f"{LIST}{row.pk}/change/").content.decode()
    assert 'name="handover"' in page
    assert page.count("disabled") > keeper.get(f"{LIST}{row.pk}/change/").content.decode().count(
        "disabled"
    )
    added = editor.post(f"{LIST}add/?kind=hub", {"name": "New", "handover": "any"})
    assert added.status_code == 302
    assert Registry.objects.get(name="New").handover == "none"


@pytest.mark.parametrize(
    ("slug", "choices"), [("hub", ["none", "any"]), ("ecr", ["none", "short", "any"])]
)
def test_a_kind_offers_what_it_has(slug: str, choices: list[str], keeper: Client) -> None:
    row = create(slug)
    form = keeper.get(f"{LIST}{row.pk}/change/").context["adminform"].form
    assert [value for value, _label in form.fields["handover"].choices] == choices


@pytest.mark.parametrize("fields", [{"verify_tls": ""}, {"ca_certificate": ONE}])
def test_who_may_hand_over_may_also_entrust(
    fields: dict[str, str], editor: Client, keeper: Client
) -> None:
    """#88: others are asked for the secrets again, which nobody sends to whom it pleases."""
    row = create("custom", password="fake-password")
    given_at = row.password.set_at
    refused = saved(editor, row, **fields)
    assert refused.status_code == 200
    assert "password" in refused.context["adminform"].form.errors
    assert (row.verify_tls, row.ca_certificate) == (True, "")
    assert saved(keeper, row, **fields).status_code == 302
    assert row.verify_tls == ("verify_tls" not in fields)
    assert bool(row.ca_certificate) == ("ca_certificate" in fields)
    assert (row.password.reveal(), row.password.set_at) == ("fake-password", given_at)
    # Another address asks everybody.
    moved = saved(keeper, row, url="https://elsewhere.example", **fields)
    assert "password" in moved.context["adminform"].form.errors
    assert row.url != "https://elsewhere.example"


@pytest.mark.parametrize(
    ("slug", "columns", "field", "value"),
    [
        ("custom", {}, "name", "Somebody else's"),
        ("ghcr", {"prefix": "ghcr.io/secret-team"}, "prefix", "ghcr.io/dev-team"),
        ("ghcr", {"prefix": "ghcr.io/secret-team"}, "prefix", ""),
        ("acr", {"tenantid": "contoso.com"}, "tenantid", ""),
        ("acr", {"tenantid": "contoso.com"}, "tenantid", "fabrikam.com"),
    ],
)
def test_who_is_handed_a_stored_secret_is_for_others_to_say(
    slug: str, columns: dict[str, str], field: str, value: str, editor: Client, keeper: Client
) -> None:
    """#67: whoever only changes rows gives no stored secret to somebody else."""
    row = create(slug, **columns)
    kind = row.declaration
    own = {name: row.plain_values().get(name, "") for name in kind.by_name if name != "url"}
    secret = next(name for name in kind.secrets if row.raw_value(name))
    before = getattr(row, field)

    def sent(client: Client, **more: str) -> Any:
        data = {**own, "prefix": row.prefix, "url": row.raw_value("url") or "", **more}
        return saved(client, row, **data)

    for handover, who, typed, is_saved in (
        ("any", editor, "", False),
        ("short" if kind.exchanged_by else "any", editor, "", False),
        ("any", editor, "fake-new-secret", True),
        ("any", keeper, "", True),
        ("none", editor, "", True),
    ):
        Registry.objects.filter(pk=row.pk).update(**{field: before, "handover": handover})
        row.refresh_from_db()
        answer = sent(who, **{field: value, secret: typed})
        assert answer.status_code == (302 if is_saved else 200), (handover, typed)
        assert (getattr(row, field) or "") == (value if is_saved else before)
        if not is_saved:
            assert list(answer.context["adminform"].form.errors) == [field]
    # Without such a change the editor saves as ever.
    Registry.objects.filter(pk=row.pk).update(**{field: before, "handover": "any"})
    row.refresh_from_db()
    assert sent(editor).status_code == 302


@pytest.mark.parametrize("password", ["", "fake-again"])
@pytest.mark.parametrize("has_ca", [True, False])
def test_the_audit_says_whom_a_stored_secret_was_entrusted_to(
    has_ca: bool, password: str, keeper: Client
) -> None:
    """Which CA, old and new; what was entered again was not entrusted by anybody."""
    old, new = ONE, TWO if has_ca else ""
    descriptions = [described(item) for item in (old, new)]
    row = create("custom", name="Lab", password="fake-password", ca_certificate=old)
    verify = {} if has_ca else {"verify_tls": ""}
    again = {"password": password, "password_do": "replace"} if password else {}
    assert saved(keeper, row, ca_certificate=new, **verify, **again).status_code == 302
    page = keeper.get(f"{LIST}{row.pk}/history/").content.decode()
    assert descriptions[0] in unescape(page)
    assert descriptions[1] in unescape(page)
    entrusted = Handover.objects.values_list("code", "asked", "registry", "way")
    expected = ("entrusted", descriptions[1] or "verify_tls: off", row.pk, "admin")
    assert list(entrusted) == ([] if password else [expected])
    assert ("Entrusted to other servers" in page) == (not password)
    auditor = somebody("view_registry", "view_handover")
    for outcome, count in {"entrusted": 0 if password else 1, "refused": 0}.items():
        query = f"?outcome={outcome}"
        changelist = auditor.get(f"/backstage/registries/handover/{query}").context["cl"]
        assert changelist.result_count == count, outcome
        assert auditor.get(f"{ROOT}handovers/{query}").json()["count"] == count


@pytest.mark.usefixtures("other_key")
def test_what_cannot_be_read_is_asked_for_again(keeper: Client) -> None:
    row = create("custom")
    Registry.objects.filter(pk=row.pk).update(uid="0" * 32)
    row.refresh_from_db()
    answer = saved(keeper, row, verify_tls="")
    assert "password" in answer.context["adminform"].form.errors


def test_code_entrusts_in_so_many_words() -> None:
    row = create("custom", password="fake-password")
    row.verify_tls = False
    row.entrust_secrets()
    row.save()
    stored = loaded(row)
    assert stored.password.reveal() == "fake-password"
    stored.url = "https://elsewhere.example"
    stored.entrust_secrets()
    assert stored.misdirected_secrets() == {"password": "address_changed"}


def test_the_audit_shows_who_was_handed_what(editor: Client) -> None:
    row = create("custom", name="Lab", handover="any", password="fake-password")
    way = Recipient(Way.API, "7", "johndoe", "production", "192.0.2.1")
    services.pull_credential(row, recipient=way)
    Registry.objects.filter(pk=row.pk).update(handover="none")
    row.refresh_from_db()
    with pytest.raises(HandoverRefused):
        services.pull_credential(row, "registry.example:5000/team/app", recipient=way)
    history = editor.get(f"{LIST}{row.pk}/history/").content.decode()
    sent = ("Handed over", "does not allow its", "johndoe", "production", "192.0.2.1", "never")
    for words in sent:
        assert words in history
    assert "All hand-overs" not in history
    assert editor.get("/backstage/registries/handover/").status_code == 403
    auditor = somebody("view_registry", "view_handover")
    assert "All hand-overs" in auditor.get(f"{LIST}{row.pk}/history/").content.decode()
    for query, count in {
        "": 2,
        f"?registry__id__exact={row.pk}": 2,
        "?outcome=handed_over": 1,
        "?outcome=refused": 1,
        "?outcome=nonsense": 0,
        "?form=docker": 0,
        "?way=api": 2,
        "?q=production": 2,
        "?q=nobody": 0,
    }.items():
        page = auditor.get(f"/backstage/registries/handover/{query}")
        assert page.status_code == 200
        assert page.context["cl"].result_count == count, query
    one = Handover.objects.latest("pk")
    text = auditor.get(f"/backstage/registries/handover/{one.pk}/change/").content.decode()
    assert "<h1>Refused hand-over of “Lab”</h1>" in text
    facts = dict(re.findall(r"<dt>(.+?)</dt><dd>(.+?)</dd>", text.replace("<wbr>", "")))
    assert facts["Time"].endswith(" UTC")
    assert facts["Registry"] == f'<a href="{LIST}{row.pk}/change/">Lab</a>'
    assert facts["Asked for"] == "registry.example:5000/team/app"
    assert facts["Code"] == "<code>not_allowed</code>"
    assert "does not allow its credentials to leave this site" in text
    assert "historylink" not in text
    assert "fake-password" not in text + history
    delete = f"/backstage/registries/handover/{one.pk}/delete/"
    assert auditor.post(delete, {"post": "yes"}).status_code == 403
    row.delete()
    assert "Lab" in auditor.get("/backstage/registries/handover/").content.decode()


@pytest.mark.parametrize(
    ("event", "label", "expected"),
    [
        ({"asked": "#{pk}"}, "Asked for", '<a href="{page}">Lab</a>'),
        ({"asked": "#987654321"}, "Asked for", "a registry that is deleted (number 987654321)"),
        ({"asked": "#1<b>"}, "Asked for", "#1&lt;b&gt;"),
        ({"code": "entrusted", "asked": "verify_tls: off"}, "Trusted from then on", "any certif"),
        ({"code": "handed_over", "is_short": False}, "Expires", "never"),
        ({"code": "of a later version"}, "Code", "<code>of a later version</code>"),
    ],
)
def test_a_hand_over_is_told_in_words(
    admin_client: Client, event: dict[str, Any], label: str, expected: str
) -> None:
    row = create("ecr", name="Lab")
    names = {"pk": row.pk, "page": f"{LIST}{row.pk}/change/"}
    values = {"code": "dns", "registry": row, "registry_name": "Lab", **event}
    values["asked"] = values.get("asked", "").format(**names)
    one = Handover.objects.create(**values)
    text = admin_client.get(f"/backstage/registries/handover/{one.pk}/change/").content.decode()
    facts = dict(re.findall(r"<dt>(.+?)</dt><dd>(.+?)</dd>", text.replace("<wbr>", "")))
    assert facts[label].startswith(expected.format(**names))
    assert "Refused dns" not in text
    history = admin_client.get(f"/backstage/registries/handover/{one.pk}/history/")
    assert history.url == f"/backstage/registries/handover/{one.pk}/change/"


def test_the_audit_is_kept_as_long_as_the_site_says(settings: Any) -> None:
    row = create("custom", handover="any")
    for days in (89, 91):
        services.pull_credential(row)
        handed_at = timezone.now() - timedelta(days=days)
        Handover.objects.filter(pk=Handover.objects.latest("pk").pk).update(handed_at=handed_at)
    services.pull_credential(row)
    assert Handover.objects.count() == 2
    settings.REGISTRIES = {"HANDOVERS_KEPT_DAYS": 1}
    services.pull_credential(row)
    assert Handover.objects.count() == 2
