"""Registry: rules, names, states, default rows, and what a save may overwrite."""

from contextlib import nullcontext
from typing import Any

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet

from registries import services
from registries.kinds import KINDS, variables
from registries.models import ChangedMeanwhile, Registry
from registries.models.defaults import TRIES
from registries.models.names import key
from tests.factories import PEM, SAMPLES, build, create, loaded, with_values
from tests.models.test_certificates import ONE, TWO
from tests.screens import default
from tests.threads import together

pytestmark = pytest.mark.django_db

DEFAULTS = {kind.slug for kind in KINDS.values() if kind.default_name}


def errors_of(row: Registry) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    return caught.value.message_dict


def saved(row: Registry) -> Registry:
    """As the database has it, after its rules were asked."""
    row.full_clean()
    row.save()
    return loaded(row)


# Columns and rules


def test_there_is_one_nullable_column_for_each_variable() -> None:
    for name, variable in variables().items():
        field = Registry._meta.get_field(name)
        assert field.null
        assert (type(field).__name__ == "SecretField") == variable.secret


@pytest.mark.parametrize("slug", KINDS)
def test_a_complete_row_of_each_kind_is_clean_and_comes_back(slug: str) -> None:
    row = loaded(create(slug))
    assert row.values() == SAMPLES[slug]
    assert row.state == "authenticated"
    row.full_clean()


@pytest.mark.parametrize("slug", KINDS)
def test_errors_stand_at_the_variables(slug: str) -> None:
    foreign = next(name for name in variables() if name not in KINDS[slug].by_name)
    assert set(errors_of(build(slug, **{foreign: "x"}))) == {foreign}


def test_an_unknown_kind_is_an_error_at_kind() -> None:
    assert set(errors_of(Registry(kind="nonsense", name="x", url="https://x.example"))) == {"kind"}
    with pytest.raises(ValidationError):
        Registry(kind="nonsense", name="x").save()


def test_the_kind_of_a_saved_row_cannot_change() -> None:
    row = loaded(create("gitea"))
    row.kind = "forgejo"
    assert "kind" in errors_of(row)
    with pytest.raises(ValidationError):
        row.save()


def test_white_space_around_values_is_dropped() -> None:
    row = create("ghcr", name="  Bots \t", username=" bot ", token="  secret\n")
    assert (row.name, row.values()) == ("Bots", {"username": "bot", "token": "secret"})


def test_a_google_key_file_fills_both_variables() -> None:
    text = '{"type": "service_account", "client_email": "a@b.example", "private_key": %s}'
    row = Registry(kind="gcr", name="G", privatekey=text % ('"' + PEM.replace("\n", "\\n") + '"'))
    row.full_clean()
    assert row.clientemail == "a@b.example"
    assert row.privatekey.reveal().startswith("-----BEGIN")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", ""),
        ("name", None),
        ("name", "   "),
        ("name", "x" * 101),
        ("name", "x" * 300),
        ("name", "\ufdfa" * 100),
        ("prefix", "ghcr.io/" + "x" * 248),
        ("prefix", "ghcr.io/" + "x" * 900),
        ("username", "x" * 4097),
        ("username", "a:b"),
        ("token", "x" * 16385),
        ("token", None),
        ("url", "https://a.example"),
        ("region", "x" * 300),
    ],
)
def test_one_fault_has_one_sentence(column: str, value: str | None) -> None:
    """Django's words for a column are not said beside ours."""
    errors = errors_of(build("ghcr", **{column: value}))
    assert {name: len(texts) for name, texts in errors.items()} == {column: 1}


def test_messages_never_quote_a_secret(canary: str) -> None:
    row = Registry(kind="custom", name="x", url="https://x.example", auth=canary + "\x00!")
    assert canary not in str(errors_of(row))


# Names


def test_names_that_read_differently_stand_side_by_side() -> None:
    """As the key says, whatever the database's collation takes for equal."""
    names = ["Elan", "Élan", "\N{WHALE}", "\N{OCTOPUS}", "I", "\N{LATIN SMALL LETTER DOTLESS I}"]
    for name in names:
        create("hub", name=name)
    assert [Registry.objects.get(name_key=key(name)).name for name in names] == names


@pytest.mark.parametrize(
    ("taken", "other"),
    [
        *(("hub one", "Hub  One "), ("ﬁle", "FILE"), ("Straße", "STRASSE"), ("É", "é")),
        *(("A\u00a0b", "a b"), ("é", "e\u0301"), ("hub ①", "hub 1")),
    ],
)
def test_names_that_read_alike_are_one(taken: str, other: str) -> None:
    """#62: unique after NFKC, case folding and trimming."""
    create("hub", name=taken)
    assert set(errors_of(build("hub", name=other))) == {"name"}
    with pytest.raises(IntegrityError), transaction.atomic():
        build("hub", name=other).save()


# Zero-width, control and variation characters, fillers and blank letters.
INVISIBLE = [
    *("\u200b", "\x00", "\u202e", "\x07", "\ud800", "\ufeff", "\u034f", "\u115f", "\u1160"),
    *("\u17b4", "\u180b", "\u180f", "\u2065", "\u2800", "\u3164", "\ufe00", "\ufe0f", "\uffa0"),
    *("\ufff0", "\U0001d159", "\U00013441", "\U000e0001", "\U000e0100", "\U000e0fff"),
]


def test_invisible_characters_are_refused() -> None:
    """#62: characters that nobody sees make two names look like one."""
    sentence = "This name contains invisible characters. Type it again."
    for name in (text.format(item) for item in INVISIBLE for text in ("a{}b", "{}")):
        assert errors_of(build("hub", name=name)) == {"name": [sentence]}, ascii(name)


@pytest.mark.parametrize("name", ["Hub \u2764\ufe0f", "\u2708\ufe0e", "\U0001f433\ufe0f Hub"])
def test_emoji_are_taken_as_telephones_type_them(name: str) -> None:
    """#62: what says how they look is left out, so that two of them are one name."""
    row = create("hub", name=name)
    assert row.name == name.replace("\ufe0f", "").replace("\ufe0e", "")
    assert "name" in errors_of(build("hub", name=name.replace("\ufe0f", "")))


@pytest.mark.parametrize(
    ("taken", "other"),
    [
        ("Docker Hub", "D\u043ecker Hub"),  # Cyrillic o
        ("Harbor", "HARB\u041eR"),
        ("Harbor", "h\u0430rb\u03bfr"),  # Cyrillic a, Greek o
        ("Internal", "\u0406nternal"),
        ("local", "\u04cfocal"),
        ("local", "\u0406ocal"),
        ("ACE", "\u0410\u0421\u0415"),  # all of it Cyrillic
        ("\u0421\u043e\u0441\u043d\u0430", "C\u043e\u0441\u043d\u0430"),  # a Latin C in Cyrillic
        ("\u039c\u03cd\u03bb\u03bf\u03c2", "M\u03cd\u03bb\u03bf\u03c2"),  # a Latin M in Greek
    ],
)
def test_a_name_that_looks_like_another_is_told(taken: str, other: str) -> None:
    """#62: letters of two alphabets make no second name that reads like the first."""
    if not Registry.objects.filter(name=taken).exists():
        create("hub", name=taken)
    (sentence,) = errors_of(build("hub", name=other))["name"]
    assert sentence == (
        f"This looks like “{taken}”, but uses letters of another alphabet. Choose a different name."
    )


@pytest.mark.parametrize(
    "name",
    [
        "Docker Hub \u041c\u043e\u0441\u043a\u0432\u0430",
        "\u041f\u0440\u043e\u0434",
        "\u65e5\u672c Docker Hub",
        "\u039c\u03cd\u03bb\u03bf\u03c2",
        "D\u00f6cker Hub",
        "Docker HubI",
    ],
)
def test_several_alphabets_are_no_fault_in_themselves(name: str) -> None:
    """Nor do accents and figures make a name look like another."""
    create("hub", name=name)
    create("hub", name=f"{name} 2")


# Prefix, CA


@pytest.mark.parametrize(
    ("slug", "prefix", "stored"),
    [
        ("ghcr", "GHCR.io/acme/", "ghcr.io/acme"),
        ("hub", "docker.io/acme", "docker.io/acme"),
        ("hub", "index.docker.io/acme", "docker.io/acme"),
        ("gcr", "europe-docker.pkg.dev/project", "europe-docker.pkg.dev/project"),
        ("ecr", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", None),
        ("ecr", "public.ecr.aws/acme", None),
        ("custom", "registry.example:5000/team", None),
        # Where the row has one host, it may be left out.
        ("hub", "acme", "docker.io/acme"),
        ("hub", "acme/app/", "docker.io/acme/app"),
        ("ghcr", "acme", "ghcr.io/acme"),
        ("custom", "team", "registry.example:5000/team"),
    ],
)
def test_a_prefix_on_a_host_of_the_row_is_kept(slug: str, prefix: str, stored: str | None) -> None:
    assert create(slug, prefix=prefix).prefix == (stored or prefix)


@pytest.mark.parametrize(
    ("slug", "prefix"),
    [
        ("ghcr", "evilghcr.io/acme"),
        ("ghcr", "docker.io/acme"),
        ("ecr", "123456789012.dkr.ecr.us-east-1.amazonaws.com"),
        ("custom", "registry.example/team"),
        ("ghcr", "ghcr.io/acme:tag"),
        ("ghcr", "not a prefix"),
        ("ghcr", "ghcr.io/../x"),
        # Several hosts: which one is meant?
        ("gcr", "acme"),
        ("ecr", "acme"),
    ],
)
def test_any_other_prefix_is_an_error_at_prefix(slug: str, prefix: str) -> None:
    assert set(errors_of(build(slug, prefix=prefix))) == {"prefix"}


@pytest.mark.parametrize("slug", KINDS)
def test_the_example_of_a_prefix_is_one_of_the_kind(slug: str) -> None:
    row = build(slug)
    row.prefix = row.declaration.example_prefix(row.plain_values())
    row.full_clean()
    assert row.prefix


# Address


@pytest.mark.parametrize(
    ("slug", "change"),
    [
        ("custom", {"url": "https://evil.example"}),
        ("custom", {"url": "http://registry.example:5000"}),
        ("custom", {"authurl": "https://evil.example"}),
        ("gitlab", {"authurl": "https://evil.example"}),
        ("ecr", {"region": "us-east-1"}),
        ("quay", {"url": "https://evil.example"}),
        ("acr", {"url": "https://evil.azurecr.io"}),
    ],
)
def test_a_changed_address_asks_for_the_secrets_again(slug: str, change: dict[str, str]) -> None:
    """#30: whoever may edit a row cannot send its secret elsewhere."""
    row = with_values(loaded(create(slug)), change)
    secret = next(name for name in KINDS[slug].secrets if row.raw_value(name))
    assert set(errors_of(row)) == {secret}
    with pytest.raises(ValidationError):
        row.save()
    with_values(row, {secret: "bmV3OnNlY3JldA=="})
    assert saved(row).values()[secret] == "bmV3OnNlY3JldA=="


UNVERIFIED, VERIFIED, NO_CA = {"verify_tls": False}, {"verify_tls": True}, {"ca_certificate": ""}
CA, OTHER_CA = {"ca_certificate": ONE}, {"ca_certificate": TWO}
# What lets somebody receive a secret who could not before, for a row with a CA of its own or not.
LOOSER = {
    "unverified": ({}, UNVERIFIED, "unverified"),
    "a CA": ({}, CA, "ca_changed"),
    "another CA": (CA, OTHER_CA, "ca_changed"),
    "unverified instead of a CA": (CA, {**NO_CA, **UNVERIFIED}, "unverified"),
}
# What lets nobody new receive it.
STRICTER = [(UNVERIFIED, VERIFIED), (UNVERIFIED, {**VERIFIED, **CA}), (CA, NO_CA)]


@pytest.mark.parametrize("slug", sorted(KINDS))
@pytest.mark.parametrize(("before", "change", "code"), LOOSER.values(), ids=LOOSER)
def test_whom_more_can_receive_a_secret_asks_for_it_again(
    slug: str, before: Any, change: Any, code: str
) -> None:
    """#88: whoever may edit a row cannot let a server of his own pass for the registry."""
    row = with_values(loaded(create(slug, **before)), change)
    stored = [name for name in KINDS[slug].secrets if row.raw_value(name)]
    with pytest.raises(ValidationError) as caught:
        row.full_clean()
    codes = {name: [error.code for error in each] for name, each in caught.value.error_dict.items()}
    assert codes == {name: [code] for name in stored}
    with pytest.raises(ValidationError) as caught:
        row.save()
    assert set(caught.value.error_dict) == set(stored)
    with_values(row, {name: SAMPLES[slug][name] for name in stored})
    assert saved(row).values() == SAMPLES[slug]


@pytest.mark.parametrize(("before", "change"), STRICTER)
def test_whom_fewer_can_receive_a_secret_keeps_it(before: Any, change: Any) -> None:
    """#88: nobody enters a secret again to have certificates verified again."""
    row = with_values(loaded(create("custom", **before)), change)
    assert saved(row).values() == SAMPLES["custom"]


def test_a_certificate_that_is_pasted_again_is_no_change() -> None:
    """#88: browsers send line breaks of their own."""
    row = loaded(create("custom", **CA))
    row.ca_certificate = "\r\n" + row.ca_certificate.replace("\n", "\r\n") + "\r\n"
    assert saved(row).values() == SAMPLES["custom"]


@pytest.mark.parametrize("change", [UNVERIFIED, CA, {"url": "https://elsewhere.example"}])
def test_a_row_without_secrets_may_move_and_trust_anybody(change: Any) -> None:
    row = saved(with_values(loaded(create("custom", login=None, password=None)), change))
    assert "url" not in change or row.host == "elsewhere.example"


@pytest.mark.parametrize("change", [{"verify_tls": False}, {"ca_certificate": "PEM"}])
def test_nothing_but_save_lets_others_receive_secrets(change: dict[str, Any]) -> None:
    """#88: a queryset, which does not ask for secrets again, is refused."""
    row = with_values(create("custom"), change)
    rows = Registry.objects.filter(pk=row.pk)
    for write in (
        lambda: rows.update(**change),
        lambda: Registry.objects.bulk_update([row], list(change)),
        lambda: Registry.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["uid"], update_fields=list(change)
        ),
    ):
        with pytest.raises(FieldError):
            write()
    assert (rows.get().verify_tls, rows.get().ca_certificate) == (True, "")
    rows.update(**VERIFIED, **NO_CA)


def test_an_address_that_reads_the_same_is_no_change() -> None:
    row = loaded(create("custom"))
    row.url = "HTTPS://Registry.Example:5000/v2/"
    saved(row)


def test_moving_from_auth_to_login_and_password_is_one_save() -> None:
    row = loaded(create("custom", login=None, password=None, auth="am9obmRvZTpzZWNyZXQ="))
    row = saved(with_values(row, {"auth": None, "login": "johndoe", "password": "secret"}))
    assert (row.auth, row.values()["password"]) == (None, "secret")


# State


@pytest.mark.parametrize("slug", sorted(DEFAULTS))
def test_a_default_row_is_anonymous_then_authenticated(slug: str) -> None:
    row = default(slug)
    row.full_clean()
    assert row.state == "anonymous"
    assert row in Registry.objects.anonymous()
    assert saved(with_values(row, SAMPLES[slug])).state == "authenticated"
    assert row in Registry.objects.authenticated()
    assert row not in Registry.objects.anonymous()


# Default rows, Delete, Reset


def test_the_five_default_rows_are_there_once() -> None:
    rows = Registry.objects.filter(is_default=True)
    assert sorted(rows.values_list("kind", flat=True)) == sorted(DEFAULTS)
    assert sorted(DEFAULTS) == ["ecr", "gcr", "ghcr", "hub", "quay"]


def test_migrating_again_makes_only_what_is_missing() -> None:
    """#61: made again when missing, never overwritten, never twice."""
    hub = default("hub")
    hub.name = "Our Hub"
    hub.login, hub.password = "ci", "secret"
    hub.save()
    Registry.objects.filter(kind="quay", is_default=True)._raw_delete("default")
    call_command("migrate", verbosity=0)
    assert Registry.objects.filter(is_default=True).count() == len(DEFAULTS)
    hub.refresh_from_db()
    assert (hub.name, hub.state) == ("Our Hub", "authenticated")


def test_a_taken_name_gives_the_default_row_another() -> None:
    Registry.objects.filter(kind="quay", is_default=True)._raw_delete("default")
    create("quay", name="QUAY")
    services.ensure_defaults()
    assert default("quay").name == "Quay (2)"


def test_there_is_never_a_second_default_row_of_a_kind() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Registry.objects.create(kind="hub", name="Another", is_default=True)


def test_a_kind_without_default_has_none() -> None:
    assert "kind" in errors_of(build("gitea", is_default=True))


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_make_five_rows() -> None:
    """#60: the constraint decides, and nobody sees an error."""
    Registry.objects.all()._raw_delete("default")
    assert together(*[services.ensure_defaults] * 4) == [None] * 4
    assert Registry.objects.filter(is_default=True).count() == len(DEFAULTS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("deadlocks", "is_added"), [(1, True), (TRIES, False)])
def test_a_default_row_is_added_after_a_deadlock(
    monkeypatch: pytest.MonkeyPatch, deadlocks: int, *, is_added: bool
) -> None:
    """#60: MariaDB ends one of several that insert the same row, which then begins anew."""
    Registry.objects.filter(kind="quay")._raw_delete("default")
    bulk_create, errors = QuerySet.bulk_create, [OperationalError(1213, "Deadlock")] * deadlocks

    def disturbed(*args: Any, **kwargs: Any) -> Any:
        if errors:
            raise errors.pop()
        return bulk_create(*args, **kwargs)

    monkeypatch.setattr(QuerySet, "bulk_create", disturbed)
    with nullcontext() if is_added else pytest.raises(OperationalError, match="Deadlock"):
        services.ensure_defaults()
    names = Registry.objects.filter(kind="quay").values_list("name", flat=True)
    assert list(names) == (["Quay"] if is_added else [])


def test_delete_is_for_rows_that_are_no_default() -> None:
    hub = default("hub")
    own = create("hub", name="Mine")
    with pytest.raises(ValidationError, match="reset it instead"):
        hub.delete()
    with pytest.raises(ValidationError, match="reset it instead"):
        Registry.objects.filter(kind="hub").delete()
    assert Registry.objects.filter(kind="hub").count() == 2
    assert own.delete()[0] == 1
    create("hub", name="Mine")
    assert Registry.objects.filter(is_default=False).delete()[0] == 1


def test_reset_is_for_default_rows() -> None:
    own = create("hub", name="Mine")
    with pytest.raises(ValidationError, match="delete it instead"):
        services.reset(own)
    assert loaded(own).state == "authenticated"


@pytest.mark.parametrize("slug", sorted(DEFAULTS))
def test_reset_takes_everything_away_but_name_and_history(slug: str) -> None:
    row = with_values(default(slug), {**SAMPLES[slug], "name": "Renamed", "verify_tls": False})
    mark_checked(saved(row))
    row.checks.create(verdict="valid", code="signed_in", checked_at=row.updated_at)
    services.reset(loaded(row))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM registries_registry WHERE id = %s", [row.pk])
        columns = dict(zip([c[0] for c in cursor.description], cursor.fetchone(), strict=True))
    assert {columns[name] for name in variables()} == {None}
    assert columns["prefix"] == columns["ca_certificate"] == columns["key_id"] == ""
    row = loaded(row)
    assert (row.name, row.verify_tls, row.last_check) == ("Renamed", True, None)
    assert row.checks.count() == 1
    row.full_clean()


# Who overwrites whom


def test_the_second_of_two_editors_is_told() -> None:
    """#56: no save overwrites what somebody else saved meanwhile."""
    row = create("hub")
    first, second = loaded(row), loaded(row)
    with_values(first, {"login": "first"}).save()
    with pytest.raises(ChangedMeanwhile):
        with_values(second, {"login": "second"}).save()
    assert loaded(row).login == "first"
    assert saved(with_values(first, {"login": "first again"})).login == "first again"


def test_a_version_does_not_come_again_after_a_backup_was_restored() -> None:
    """#56: a form that was open meanwhile is told, although the row was saved as often again."""
    row = create("custom")
    backup = Registry.objects.filter(pk=row.pk).values().get()
    edited = with_values(loaded(row), {"login": "lost"})
    edited.save()
    Registry._base_manager.filter(pk=row.pk).update(**backup)
    with_values(loaded(row), {"login": "colleague"}).save()
    with pytest.raises(ChangedMeanwhile):
        with_values(edited, {"login": "mine"}).save()
    assert loaded(row).login == "colleague"


def test_a_row_that_is_made_anew_after_a_backup_was_restored_is_another() -> None:
    """#56: even where it has the number of one that the backup does not know."""
    edited = create("custom", login="lost")
    Registry._base_manager.filter(pk=edited.pk).delete()
    build("custom", pk=edited.pk, login="colleague").save()
    with pytest.raises(ChangedMeanwhile):
        with_values(edited, {"login": "mine"}).save()
    assert loaded(edited).login == "colleague"


def test_saving_a_deleted_row_does_not_bring_it_back() -> None:
    row = create("hub")
    loaded(row).delete()
    with pytest.raises(ChangedMeanwhile):
        row.save()


@pytest.mark.parametrize("make", [create, build], ids=["a stored row", "a new row"])
def test_a_failed_save_can_be_tried_again(make: Any) -> None:
    """With the secret that was typed."""
    create("custom", name="Taken")
    row = with_values(make("custom", name="Mine"), {"name": "Taken", "password": "kept"})
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    row.name, row.url = "Free", "https://moved.example"
    row = saved(row)
    assert (row.name, row.values()["password"]) == ("Free", "kept")


def mark_checked(row: Registry) -> None:
    Registry.objects.filter(pk=row.pk).update(
        check_verdict="valid", check_code="signed_in", checked_at=row.created_at
    )


@pytest.mark.parametrize(
    ("slug", "change"),
    [
        *(("custom", {"password": value}) for value in ("new", None)),
        ("custom", {"login": "new"}),
        ("custom", {"verify_tls": True}),
        ("acr", {"prefix": "good.azurecr.io"}),
    ],
)
def test_a_change_of_what_was_checked_clears_the_check(slug: str, change: dict[str, Any]) -> None:
    before = {"url": None, "prefix": "bad.azurecr.io"} if slug == "acr" else {"verify_tls": False}
    row = create(slug, **before)
    mark_checked(row)
    row = with_values(loaded(row), change)
    assert row.last_check is not None
    assert row.changed() == set(change)
    row.save()
    assert row.last_check is None
    assert loaded(row).last_check is None


def test_any_other_change_keeps_the_check_even_a_newer_one() -> None:
    """#55: an edit does not undo a check that ran meanwhile."""
    row = loaded(create("custom"))
    mark_checked(row)
    assert saved(with_values(row, {"name": "Renamed"})).last_check.code == "signed_in"


def test_saving_some_fields_writes_those() -> None:
    row = with_values(create("custom"), {"name": "Renamed", "login": "other"})
    row.save(update_fields=["name"])
    again = loaded(row)
    assert (again.name, again.name_key) == ("Renamed", "renamed")
    assert again.login != "other"


def test_a_change_that_is_not_saved_yet_stays_a_change() -> None:
    """Loading a deferred column, or saving another one, does not pass it off as stored."""
    pk = create("custom").pk
    row = Registry.objects.defer("password").get(pk=pk)
    row.url = "https://evil.example"
    assert row.password.is_sealed
    assert set(errors_of(row)) == {"password"}
    row = Registry.objects.get(pk=pk)
    mark_checked(row)
    row.login = "unsaved"
    row.save(update_fields=["name"])
    assert row.changed() == {"login"}
    assert Registry.objects.get(pk=pk).last_check is not None


@pytest.mark.parametrize("change", [{"url": "https://evil.example"}, UNVERIFIED])
def test_what_was_never_loaded_is_guarded_as_well(change: dict[str, Any]) -> None:
    """#30, #88: what a queryset left out is looked up before it is overwritten."""
    row = Registry.objects.only("name").get(pk=create("custom").pk)
    with pytest.raises(ValidationError):
        with_values(row, change).save()
    assert loaded(row).values() == SAMPLES["custom"]


@pytest.mark.parametrize(
    ("name", "value"), [("url", "https://moved.example"), ("verify_tls", False)]
)
def test_who_receives_a_secret_and_the_secret_are_saved_together_or_not_at_all(
    name: str, value: Any
) -> None:
    """#30, #88: a secret that was entered again, and not saved, is no leave for the stored one."""
    row = with_values(loaded(create("custom")), {name: value, "password": "new"})
    for fields in ([name], ["password"], [name, "login"]):
        with pytest.raises(ValidationError):
            row.save(update_fields=fields)
        assert loaded(row).values() == SAMPLES["custom"]
    row.save(update_fields=[name, "password"])
    assert loaded(row).values()["password"] == "new"


def test_a_deferred_secret_stays_as_it_is() -> None:
    row = Registry.objects.defer("password").get(pk=create("custom").pk)
    with_values(row, {"name": "Renamed"}).save()
    assert loaded(row).values() == SAMPLES["custom"]
