"""reencrypt_registries and forget_unreadable_secrets: keys change, and nothing is lost."""

from collections.abc import Callable
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registries import reencryption
from registries.management.commands import reencrypt_registries
from registries.models import ChangedMeanwhile, Registry
from registries.models.queryset import SECRETS
from registries.reencryption import Outcome
from registries.secrets.keys import key_ids
from tests.factories import SAMPLES, create
from tests.integrity.conftest import columns

UseKeys = Callable[..., None]
OLD, NEW, LOST = Fernet.generate_key(), Fernet.generate_key(), Fernet.generate_key()

pytestmark = pytest.mark.django_db


def stored(row: Registry) -> Registry:
    return Registry.objects.get(pk=row.pk)


def raw(row: Registry) -> dict[str, object]:
    return columns(row.pk, "password", "key_id", "version")


def times(row: Registry) -> list[object]:
    """When each secret was given."""
    return [getattr(row, name).set_at for name in SECRETS if getattr(row, name)]


def command(name: str = "reencrypt_registries", *arguments: str) -> tuple[int, str, str]:
    """The exit status, what was printed, and what was said on stderr."""
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command(name, *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def row(use_keys: UseKeys) -> Registry:
    """A row under the old key, once the new one is the first."""
    use_keys(OLD)
    row = create("custom")
    use_keys(NEW, OLD)
    return row


def test_secrets_of_every_kind_move_to_the_first_key(use_keys: UseKeys) -> None:
    """#6: after the command the old key can go."""
    use_keys(OLD)
    rows = [create(kind) for kind in SAMPLES]
    values = {row.pk: row.values() for row in rows}
    set_at = {row.pk: times(row) for row in rows}
    use_keys(NEW, OLD)
    status, out, _err = command()
    assert status == 0
    assert f"{len(rows)} encrypted anew, 0 encrypted with it already, 0 cannot be read" in out
    use_keys(NEW)
    for row in rows:
        result = stored(row)
        assert result.values() == values[row.pk]
        assert result.secrets_readable
        assert result.key_id == key_ids()[0]
        assert times(result) == set_at[row.pk]
        assert result.version == row.version, "a form that is open can still be saved"


def test_a_second_run_writes_nothing(row: Registry) -> None:
    """#6: the command may be repeated."""
    command()
    before = raw(row)
    assert "0 encrypted anew, 1 encrypted with it already" in command()[1]
    assert raw(row) == before


def test_a_dry_run_tells_and_writes_nothing(row: Registry) -> None:
    """#6: it says what would be done."""
    before = raw(row)
    assert "1 to encrypt anew" in command("reencrypt_registries", "--dry-run")[1]
    assert raw(row) == before


def test_what_cannot_be_read_is_named_and_left_alone(use_keys: UseKeys) -> None:
    """#1, #6: with its ID, and with an exit status that a script sees."""
    use_keys(LOST)
    lost = create("custom")
    values = lost.values()
    use_keys(OLD)
    row = create("custom")
    before = raw(lost)
    use_keys(NEW, OLD)
    status, out, err = command()
    assert status == 1
    assert f"cannot be read: {lost.name} (id {lost.pk})" in err
    assert row.name not in err
    assert "1 encrypted anew, 0 encrypted with it already, 1 cannot be read" in out
    assert raw(lost) == before
    use_keys(LOST)
    assert stored(lost).values() == values


def test_what_was_moved_to_another_address_is_named(use_keys: UseKeys) -> None:
    """#4: such a secret opens, but is not this row's to use; it is kept for its own address."""
    use_keys(OLD)
    row = create("custom")
    values = row.values()
    Registry.objects.filter(pk=row.pk).update(url="https://moved.example")
    use_keys(NEW, OLD)
    status, _out, err = command()
    assert status == 1
    assert row.name in err
    Registry.objects.filter(pk=row.pk).update(url=row.url)
    use_keys(NEW)
    assert stored(row).values() == values


def test_a_wrong_key_id_is_put_right(use_keys: UseKeys) -> None:
    use_keys(NEW)
    row = create("custom")
    Registry.objects.filter(pk=row.pk).update(key_id="12345678")
    assert not stored(row).secrets_readable
    command()
    assert stored(row).secrets_readable


@pytest.mark.parametrize("keep", [False, True])
def test_a_row_with_a_lost_and_a_good_secret(keep: bool, use_keys: UseKeys) -> None:
    """The good one moves; the row goes on saying that it cannot be read, until the other goes."""
    use_keys(LOST)
    row = create("custom")
    use_keys(OLD)
    row.auth = "am9objpmYWtl"
    row.save()
    use_keys(NEW, OLD)
    assert command()[0] == 1
    use_keys(NEW)
    assert stored(row).auth.reveal() == "am9objpmYWtl"
    assert not stored(row).secrets_readable
    if not keep:
        assert command("forget_unreadable_secrets", "--no-input")[0] == 0
        assert stored(row).password is None
        assert stored(row).secrets_readable
    assert stored(row).auth.reveal() == "am9objpmYWtl"


def test_a_long_run_says_how_far_it_is(use_keys: UseKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    """#6: on stderr, so that the result on stdout stays one line."""
    monkeypatch.setattr(reencrypt_registries, "STEP", 2)
    use_keys(OLD)
    for _ in range(5):
        create("custom")
    use_keys(NEW, OLD)
    _status, out, err = command()
    *steps, gone = err.splitlines()
    assert steps == ["2 rows looked at", "4 rows looked at"]
    # Since the old forms are not gone at once, a run that renewed any says where to read of it.
    assert "docs/keys.md tells when they are gone" in gone
    assert len(out.splitlines()) == 1


# While people work


def test_a_form_that_was_open_does_not_bring_the_old_key_back(
    row: Registry, use_keys: UseKeys
) -> None:
    """#54: saved after the run, an unchanged secret stays encrypted with the new key."""
    editor = stored(row)
    command()
    editor.name = "Renamed"
    editor.save()
    use_keys(NEW)
    assert stored(row).name == "Renamed"
    assert stored(row).secrets_readable
    assert stored(row).password.reveal() == "fake-password"


def test_a_new_secret_from_an_open_form_counts(row: Registry, use_keys: UseKeys) -> None:
    editor = stored(row)
    command()
    editor.password = "typed meanwhile"
    editor.save()
    use_keys(NEW)
    assert stored(row).password.reveal() == "typed meanwhile"
    assert stored(row).secrets_readable


def test_an_edit_in_the_middle_of_the_run_is_not_overwritten(use_keys: UseKeys) -> None:
    """#54: each row is compared with what was read, and looked at again when it changed."""
    use_keys(OLD)
    rows = [create("custom") for _ in range(3)]
    use_keys(NEW, OLD)
    run = reencryption.reencrypt()
    next(run)  # all three are read by now, and the first is written
    edited = stored(rows[1])
    edited.password = "typed meanwhile"
    edited.save()
    stored(rows[2]).delete()
    assert [(row.pk, outcome) for row, outcome in run] == [(rows[1].pk, Outcome.CURRENT)]
    assert stored(edited).password.reveal() == "typed meanwhile"
    assert stored(edited).version == edited.version


def test_a_row_that_an_old_process_saves_meanwhile_is_still_moved(use_keys: UseKeys) -> None:
    use_keys(OLD)
    rows = [create("custom") for _ in range(2)]
    use_keys(NEW, OLD)
    run = reencryption.reencrypt()
    next(run)
    use_keys(OLD, NEW)
    edited = stored(rows[1])
    edited.password = "typed under the old key"
    edited.save()
    use_keys(NEW, OLD)
    assert [outcome for _row, outcome in run] == [Outcome.RENEWED]
    use_keys(NEW)
    assert stored(edited).password.reveal() == "typed under the old key"


def test_rows_are_read_in_batches(use_keys: UseKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reencryption, "BATCH", 2)
    use_keys(OLD)
    rows = [create("custom") for _ in range(5)]
    use_keys(NEW, OLD)
    assert [row.pk for row, _outcome in reencryption.reencrypt()] == [row.pk for row in rows]
    use_keys(NEW)
    assert all(stored(row).password.readable() for row in rows)


# Lost for good


@pytest.fixture
def lost(use_keys: UseKeys) -> Registry:
    """A row whose key is gone, beside one whose key is there."""
    use_keys(LOST)
    row = create("custom")
    use_keys(NEW)
    create("custom", name="Good")
    return row


def test_forgetting_erases_what_no_key_opens(lost: Registry) -> None:
    """#8: the way out; the row stays, and takes a new secret."""
    editor = stored(lost)
    status, out, _err = command("forget_unreadable_secrets", "--no-input")
    assert status == 0
    assert f"cannot be read: {lost.name} (id {lost.pk})" in out
    assert "Good" not in out
    assert Registry.objects.get(name="Good").password.reveal() == "fake-password"
    result = stored(lost)
    assert (result.login, result.password, result.key_id) == ("johndoe", None, "")
    with pytest.raises(ChangedMeanwhile):
        editor.save()
    result.password = "given again"
    result.full_clean()
    result.save()
    assert stored(lost).password.reveal() == "given again"


@pytest.mark.parametrize(("answer", "is_erased"), [("erase", True), ("", False), ("y", False)])
def test_forgetting_asks(
    answer: str, is_erased: bool, lost: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = raw(lost)
    monkeypatch.setattr("builtins.input", lambda _prompt: answer)
    if is_erased:
        command("forget_unreadable_secrets")
    else:
        with pytest.raises(CommandError, match="Nothing was erased"):
            command("forget_unreadable_secrets")
    assert (raw(lost) != before) == is_erased


def test_forgetting_leaves_alone_what_was_given_again_meanwhile(
    lost: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_prompt: str) -> str:
        row = stored(lost)
        row.password = "given again"
        row.save()
        return "erase"

    monkeypatch.setattr("builtins.input", answer)
    with pytest.raises(CommandError, match=rf"changed meanwhile: .*id {lost.pk}"):
        command("forget_unreadable_secrets")
    assert stored(lost).password.reveal() == "given again"


def test_there_may_be_nothing_to_forget() -> None:
    create("custom")
    assert "Every stored secret can be read" in command("forget_unreadable_secrets")[1]


def test_a_row_is_written_by_one_statement(use_keys: UseKeys) -> None:
    """#53: whoever is killed in the middle leaves no secret beside the id of another key."""
    use_keys(OLD)
    rows = [create(kind) for kind in SAMPLES]
    use_keys(NEW, OLD)
    with CaptureQueriesContext(connection) as queries:
        assert {outcome for _row, outcome in reencryption.reencrypt()} == {Outcome.RENEWED}
    written = [query for query in queries if not query["sql"].startswith("SELECT")]
    assert len(written) == len(rows)
