"""SecretField: what the library gets wrong, and this field must not."""

import copy
import json
import pickle
import traceback
from io import StringIO
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import FieldError, ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat, Length, Lower
from django.test.utils import register_lookup
from encrypted_model_fields import fields as library

from registries.kinds import KINDS
from registries.models import Registry
from registries.models.fields import SecretField
from registries.models.queryset import SECRETS
from registries.secrets.sealing import Secret, SecretUnreadable
from tests.factories import SAMPLES, create, loaded, with_values

pytestmark = pytest.mark.django_db


def make(password: str = "hunter2-not-real", **values: str) -> Registry:
    columns = {"name": "Lab", "url": "https://lab.example", "login": "ci", "password": password}
    return loaded(create("custom", authurl=None, **{**columns, **values}))


def column(row: Registry, name: str = "password") -> str:
    """The raw column as the database holds it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM registries_registry WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def write(row: Registry, **columns: str) -> None:
    """Write raw columns, as somebody with the database's password would."""
    with connection.cursor() as cursor:
        for name, value in columns.items():
            cursor.execute(
                f"UPDATE registries_registry SET {name} = %s WHERE id = %s", [value, row.pk]
            )


@pytest.mark.parametrize(
    "text", ["fake", "pässwörd", "a:b:c", " x ", "日本", "x" * 3000, "{'sealed': 'x'}"]
)
def test_any_text_comes_back(text: str) -> None:
    row = make()
    row.password = text
    row.save()
    assert loaded(row).password.reveal() == text
    assert text not in column(row)


def test_a_secret_never_shows_itself(canary: str) -> None:
    for secret in (make(canary).password, Registry(password=canary).password):
        texts = (str(secret), repr(secret), f"{secret}", f"{secret!r}")
        assert not any(canary in text for text in texts)
        with pytest.raises(TypeError):
            json.dumps(secret)


def test_equal_secrets_are_one_in_a_set() -> None:
    row = make()
    again = loaded(row)
    assert {row.password, again.password} == {row.password}


def test_the_hook_of_later_django_refuses_expressions_as_well() -> None:
    """#5: Django 6.1 asks `get_placeholder_sql` where earlier ones ask `get_placeholder`."""
    field = Registry._meta.get_field("password")
    assert field.get_placeholder_sql("token", None, connection) == ("%s", ("token",))
    with pytest.raises(FieldError):
        field.get_placeholder_sql(Value("x"), None, connection)


def test_a_copy_keeps_only_the_sealed_form(canary: str) -> None:
    """#23: neither a cache nor a queue of tasks that is given a row gets its secrets."""
    row = make(canary)
    assert canary.encode() not in pickle.dumps(row)
    for copied in (pickle.loads(pickle.dumps(row)), copy.deepcopy(row)):
        assert copied.password.reveal() == canary
    with pytest.raises(TypeError):
        pickle.dumps(Registry(kind="hub", password=canary))


def test_empty_is_not_set() -> None:
    assert Registry(kind="hub", password="").password is None


@pytest.mark.parametrize("value", [b"bytes", 5, ["x"], {"sealed": "x", "more": 1}])
def test_only_text_is_a_secret(value: object) -> None:
    with pytest.raises(TypeError) as caught:
        Registry(kind="hub", password=value)
    assert repr(value) not in str(caught.value)


def test_a_lone_surrogate_is_refused_without_echo(canary: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Registry(kind="hub", password=canary + "\ud800")
    assert canary not in repr(caught.value)


# Wrong key


def test_a_wrong_key_is_an_error_that_names_the_row(use_keys) -> None:
    """#1: a secret that cannot be decrypted is never taken for its ciphertext."""
    row = make()
    use_keys(Fernet.generate_key())
    assert not row.password.readable()
    with pytest.raises(SecretUnreadable) as caught:
        row.password.reveal()
    assert f"registries.Registry.password pk={row.pk}" in str(caught.value)
    assert caught.value.__context__ is None


def test_a_traceback_with_locals_shows_no_secret() -> None:
    """#20: a reporter that captures locals finds neither the secret nor the sealed text opened."""
    row = make()
    write(row, url="https://moved.example")
    row = loaded(row)
    with pytest.raises(SecretUnreadable) as caught:
        row.password.reveal()
    error = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "hunter2" not in "".join(error.format())


def test_a_save_under_a_wrong_key_writes_the_same_bytes(use_keys) -> None:
    """#2: an unchanged secret is written back byte for byte, whatever the key."""
    row = make()
    before = column(row)
    use_keys(Fernet.generate_key())
    row.name = "Renamed"
    row.full_clean()
    row.save()
    assert column(row) == before
    assert loaded(row).name == "Renamed"


def test_the_row_tells_without_decrypting_that_its_key_is_gone(use_keys) -> None:
    row = make()
    assert row.secrets_readable
    old = row.key_id
    use_keys(Fernet.generate_key())
    assert not loaded(row).secrets_readable
    row.password = "given again"
    row.save()
    row = loaded(row)
    assert row.secrets_readable
    assert row.key_id != old


def test_an_old_key_that_is_still_listed_reads(use_keys) -> None:
    old, new = Fernet.generate_key(), Fernet.generate_key()
    use_keys(old)
    row = make("under the old key")
    use_keys(new, old)
    row = loaded(row)
    assert row.secrets_readable
    assert row.password.reveal() == "under the old key"


# What is pasted, planted or moved


def test_pasted_ciphertext_stays_text(canary: str) -> None:
    """#3: form input is never decrypted, so nobody can use a form to decrypt."""
    stolen = column(make(canary))
    assert make(stolen, name="Thief").password.reveal() == stolen


# Written out, as the specification does: a kind that forgets one must not shorten this list.
ADDRESS = ("url", "authurl", "region")


@pytest.mark.parametrize(
    ("slug", "name", "value"),
    [
        *(
            (slug, name, "us-east-1" if name == "region" else "https://evil.example")
            for slug, kind in KINDS.items()
            for name in ADDRESS
            if name in kind.by_name
        ),
        ("custom", "verify_tls", "0"),
        ("custom", "ca_certificate", "another"),
        ("gitea", "kind", "forgejo"),  # the same variables
    ],
)
def test_a_row_changed_by_sql_makes_the_secret_unreadable(slug: str, name: str, value: str) -> None:
    """#4, #88: a secret opens only for the kind, address and trust that it was given for."""
    row = create(slug)
    assert row.values() == SAMPLES[slug]
    write(row, **{name: value})
    with pytest.raises(SecretUnreadable):
        loaded(row).values()


@pytest.mark.parametrize("trust", [{"verify_tls": False}, {"ca_certificate": "its own"}])
def test_stricter_trust_keeps_the_secret_readable(trust: dict[str, object]) -> None:
    """#88: verified again, or by the site's authorities alone, it is read as before."""
    row = with_values(create("custom"), {**trust, "password": "given anew"})
    row.save()
    write(row, verify_tls="1", ca_certificate="")
    assert loaded(row).values()["password"] == "given anew"


@pytest.mark.parametrize("fields", [None, ["verify_tls", "ca_certificate"]])
@pytest.mark.parametrize("trust", [{"verify_tls": False}, {"ca_certificate": "its own"}])
def test_stricter_trust_is_sealed_with_the_secret(
    trust: dict[str, object], fields: list[str] | None
) -> None:
    """#88: once certificates are verified again, SQL does not turn that back."""
    row = with_values(create("custom"), {**trust, "password": "given anew"})
    row.save()
    row = loaded(row)
    given_at = row.password.set_at
    row.verify_tls, row.ca_certificate = True, ""
    row.save(update_fields=fields)
    for item in (row, loaded(row)):
        assert (item.password.reveal(), item.password.set_at) == ("given anew", given_at)
    assert not loaded(row).changed()
    write(row, **{name: str(value or "0") for name, value in trust.items()})
    with pytest.raises(SecretUnreadable):
        loaded(row).values()


def test_what_cannot_be_read_stays_when_trust_is_stricter() -> None:
    row = create("custom", verify_tls=False)
    sealed = column(row)
    Registry.objects.filter(pk=row.pk).update(uid="0" * 32)
    row = loaded(row)
    row.verify_tls = True
    row.save()
    assert column(row) == sealed


def seal_as_before(row: Registry, text: str) -> None:
    """Seal the password as earlier versions did, which knew nothing of trust."""
    field = Registry._meta.get_field("password")
    token = library.encrypt_str(f"v1\n{field.binding(row)}\n{text}").decode("ascii")
    write(row, password=token)


def test_what_was_sealed_before_trust_was_part_of_it_is_read_all_the_same(canary: str) -> None:
    """#88: nobody enters a secret again because of an upgrade."""
    row = make()
    seal_as_before(row, canary)
    row = loaded(row)
    assert row.password.reveal() == canary
    row.name = "Renamed"
    row.save()
    assert loaded(row).password.reveal() == canary


def test_reencryption_binds_it_to_whom_it_is_for(canary: str) -> None:
    """#88: once it ran, SQL turns the verification off for no secret."""
    row = make()
    seal_as_before(row, canary)
    row = loaded(row)
    set_at = row.password.set_at
    call_command("reencrypt_registries", stdout=StringIO())
    row = loaded(row)
    assert (row.password.reveal(), row.password.set_at) == (canary, set_at)
    before = column(row)
    call_command("reencrypt_registries", stdout=StringIO())
    assert column(row) == before, "once is enough"
    write(row, verify_tls="0")
    assert not loaded(row).password.readable()


def test_a_token_moved_to_another_row_or_column_is_unreadable() -> None:
    """#4: a secret opens only in its own row and column."""
    row = make()
    other = make(name="Other")
    write(other, password=column(row))
    write(row, auth=column(row))
    for secret in (loaded(other).password, loaded(row).auth):
        with pytest.raises(SecretUnreadable):
            secret.reveal()


@pytest.mark.parametrize("planted", ["plaintext", "", "gAAAAAB", "gAAAAA" + "x" * 94])
def test_what_was_never_sealed_is_unreadable(planted: str) -> None:
    row = make()
    write(row, password=planted)
    with pytest.raises(SecretUnreadable):
        loaded(row).password.reveal()


def test_a_sealed_text_without_its_row_is_unreadable() -> None:
    make()
    secret = Registry.objects.values_list("password", flat=True).get(name="Lab")
    with pytest.raises(SecretUnreadable):
        secret.reveal()


# What a queryset may do


@pytest.mark.parametrize("manager", ["objects", "_base_manager"])
def test_only_save_writes_a_secret(manager: str) -> None:
    """#5: update() takes none, and bulk_update() would encrypt the SQL of all rows into each."""
    row, rows = make(), getattr(Registry, manager)
    before = column(row)
    copied = Concat(F("login"), Value("x"))
    for value in ("text", F("login"), Value("x"), copied, Lower("password")):
        with pytest.raises(FieldError), transaction.atomic():
            rows.filter(pk=row.pk).update(password=value)
    for secret in (row.password, "new"):
        row.password = secret
        with pytest.raises(FieldError), transaction.atomic():
            rows.bulk_update([row], ["password"])
    assert column(row) == before
    row.login = "other"
    assert rows.bulk_update([row], ["login"]) == 1


def test_a_secret_of_another_row_is_not_copied_by_update() -> None:
    row = make()
    with pytest.raises(FieldError):
        Registry.objects.update(password=row.password)


@pytest.mark.parametrize("value", [F("login"), Value("x")], ids=["F", "Value"])
def test_an_expression_is_no_secret(value: object) -> None:
    """#5: create() and assignment refuse expressions."""
    with pytest.raises(FieldError):
        Registry.objects.create(kind="hub", name="x", password=value)
    assert not Registry.objects.filter(name="x").exists()


@pytest.mark.parametrize("option", ["default", "db_default"])
def test_a_secret_has_no_default(option: str) -> None:
    """#5: a default would give every row the same token."""
    with pytest.raises(FieldError):
        SecretField(**{option: "x"})


def test_bulk_create_seals(canary: str) -> None:
    row = Registry(kind="hub", name="Bulk", login="ci", password=canary)
    row.derive()
    Registry.objects.bulk_create([row])
    row = Registry.objects.get(name="Bulk")
    assert canary not in column(row)
    assert row.password.reveal() == canary


@pytest.mark.parametrize("name", SECRETS)
def test_only_isnull_looks_up(name: str) -> None:
    """#14: no lookup lets anybody guess at a secret."""
    row = make()
    lookups = {*SecretField.get_lookups(), "year", "length", "lower"} - {"isnull"}
    for lookup in lookups:
        with pytest.raises(FieldError):
            Registry.objects.filter(**{f"{name}__{lookup}": "x"}).exists()
    with pytest.raises(FieldError):
        Registry.objects.filter(**{name: "x"}).exists()
    rows = Registry.objects.filter(**{f"{name}__isnull": False}, pk=row.pk).exists()
    assert rows is (name == "password")


@pytest.mark.parametrize("name", SECRETS)
def test_no_transform_leads_to_a_secret(name: str) -> None:
    """#14: not even one that the site registers for every text."""
    with register_lookup(TextField, Length):
        assert Registry.objects.filter(ca_certificate__length__gte=0).exists()
        for lookup in ("", "__exact", "__gt"):
            with pytest.raises(FieldError):
                Registry.objects.filter(**{f"{name}__length{lookup}": 1}).exists()
        with pytest.raises(FieldError):
            list(Registry.objects.order_by(f"{name}__length"))


# Fixtures


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml"])
def test_the_commands_dump_and_load_sealed_secrets(form: str, canary: str, tmp_path: Path) -> None:
    """#9: dumped, all taken away, loaded again; the key is what it takes."""
    row = make(canary)
    dump = tmp_path / f"dump.{form}"
    call_command("dumpdata", "registries", "--format", form, "--output", str(dump))
    assert canary not in dump.read_text()
    Registry.objects.all()._raw_delete("default")
    call_command("loaddata", str(dump), "--verbosity", "0")
    assert loaded(row).password.reveal() == canary


def test_what_cannot_be_dumped_is_not_dumped_in_clear(canary: str) -> None:
    """#9: XML has no place for the sealed form."""
    row, out = make(canary), StringIO()
    with pytest.raises(TypeError) as caught:
        serializers.serialize("xml", [row], stream=out)
    assert canary not in out.getvalue() + str(caught.value)


def test_the_seal_tells_since_when() -> None:
    secret = make().password
    assert secret.set_at is not None
    assert Secret("junk").set_at is None
    assert Secret(fresh="x").set_at is None


@pytest.mark.parametrize("slug", ["gitea", "forgejo", "quay"])
def test_a_kind_that_got_another_address_opens_what_was_sealed_before(slug: str) -> None:
    """#4: rows of Gitea, Forgejo and Quay could not name a token server at first.

    What was sealed without one belongs to the row as long as it names none.
    """
    row = create(slug)
    name = next(name for name in SECRETS if row.raw_value(name))
    before = "|".join((f"registries.Registry.{name}", row.uid.hex, slug, row.url or ""))
    for version in ("v1", "v2"):
        trust = "" if version == "v1" else f"{row.secret_trust()}\n"
        token = library.encrypt_str(f"{version}\n{before}\n{trust}fake-secret").decode()
        write(row, **{name: token})
        stored = loaded(row)
        assert getattr(stored, name).reveal() == "fake-secret"
        for url in ("https://elsewhere.example", f"|{row.url}"):
            Registry.objects.filter(pk=row.pk).update(authurl=url)
            with pytest.raises(SecretUnreadable):
                getattr(loaded(row), name).reveal()
        Registry.objects.filter(pk=row.pk).update(authurl=None)
