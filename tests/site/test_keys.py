"""The two keys: made once, read_or_create to their owner, and never made where one was lost."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ssmsite import keys
from tests.site.conftest import Site, new_key

PRINT_KEYS = "from ssmsite import settings as s; print(s.SECRET_KEY, s.FIELD_ENCRYPTION_KEY)"
VARIABLES = ("DATABASE_URL", "DJANGO_SECRET_KEY", "FIELD_ENCRYPTION_KEY")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def read(site: Site) -> tuple[str, list[str]]:
    return keys.read(site.data, site.database)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def used(site: Site) -> tuple[str, list[str]]:
    """A site that has run: keys and a database that is not empty."""
    keys = read(site)
    site.database.write_bytes(b"rows")
    return keys


def test_keys_are_made_once(site: Site) -> None:
    secret_key, encryption_keys = used(site)
    assert len(secret_key) >= 50
    assert len(encryption_keys) == 1
    assert read(site) == (secret_key, encryption_keys)


def test_every_site_has_its_own_keys(tmp_path: Path) -> None:
    one, other = read(Site(tmp_path / "one")), read(Site(tmp_path / "other"))
    assert one[0] != other[0]
    assert one[1] != other[1]


def test_only_the_owner_reads_them(site: Site) -> None:
    read(site)
    assert mode(site.data) == 0o700
    assert {path.name: mode(path) for path in site.data.iterdir()} == {
        "db.sqlite3": 0o600,
        "field_encryption_key": 0o600,
        "secret_key": 0o600,
    }


def test_processes_that_start_together_agree(site: Site) -> None:
    processes = [site.start("-c", PRINT_KEYS) for _ in range(4)]
    output = {process.communicate(timeout=60)[0] for process in processes}
    assert len(output) == 1
    assert read(site)[0] in output.pop()


def test_the_faster_process_makes_the_key(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def slow() -> str:
        path.write_text("of the faster one")
        return "of the slower one"

    assert keys.read_or_create(path, slow) == "of the faster one"
    assert [file.name for file in tmp_path.iterdir()] == ["key"]


def test_the_environment_goes_before_the_files(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    read(site)
    first, second = new_key(), new_key()
    monkeypatch.setenv("DJANGO_SECRET_KEY", "from the environment")
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", f"{first}, {second}")
    assert read(site) == ("from the environment", [first, second])


def test_no_file_is_made_for_keys_of_the_environment(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SECRET_KEY", "from the environment")
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", new_key())
    read(site)
    assert [path.name for path in site.data.iterdir()] == ["db.sqlite3"]


def test_a_key_file_may_hold_several_keys(site: Site) -> None:
    _, (old,) = read(site)
    new = new_key()
    site.key_file.write_text(f"{new},{old}\n")
    assert read(site)[1] == [new, old]


def test_a_lost_encryption_key_is_not_replaced(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = used(site)
    read_or_create = site.key_file.rename(site.data / "read_or_create")
    with pytest.raises(ImproperlyConfigured, match="field_encryption_key"):
        read(site)
    assert not site.key_file.exists()

    read_or_create.rename(site.key_file)
    assert read(site) == keys

    site.key_file.unlink()
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", keys[1][0])
    assert read(site) == keys


def test_a_lost_encryption_key_is_replaced_where_nothing_was_stored(site: Site) -> None:
    keys = read(site)
    site.key_file.unlink()
    assert read(site)[1] != keys[1]


def test_a_lost_secret_key_is_replaced(site: Site) -> None:
    """It only signs people's sessions: losing it signs them out."""
    keys = used(site)
    (site.data / "secret_key").unlink()
    secret_key, encryption_keys = read(site)
    assert secret_key != keys[0]
    assert encryption_keys == keys[1]


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_a_damaged_key_file_is_refused_and_left_alone(site: Site, content: bytes) -> None:
    used(site)
    site.key_file.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match="field_encryption_key"):
        read(site)
    assert site.key_file.read_bytes() == content


def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match="DATA_DIR"):
        read(Site(tmp_path / "file" / "data"))


@pytest.mark.parametrize("missing", ["DJANGO_SECRET_KEY", "FIELD_ENCRYPTION_KEY"])
def test_a_database_of_its_own_wants_keys_of_its_own(
    missing: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = read(site)  # those of the SQLite file: not for another database
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/regs")
    monkeypatch.setenv("DJANGO_SECRET_KEY", keys[0])
    monkeypatch.setenv("FIELD_ENCRYPTION_KEY", keys[1][0])
    assert read(site) == keys
    for nothing in ("", " "):
        monkeypatch.setenv(missing, nothing)
        with pytest.raises(ImproperlyConfigured, match=f"{missing} is not set"):
            read(site)


def test_with_an_address_the_data_directory_is_not_touched(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://db.example/regs")
    with pytest.raises(ImproperlyConfigured):
        read(site)
    assert not site.data.exists()


def test_the_site_refuses_in_a_sentence(site: Site) -> None:
    returned, output = site.manage("check", DATABASE_URL="postgres://me:canary@db.example/regs")
    assert returned == 1
    assert "DJANGO_SECRET_KEY is not set" in output
    assert "Traceback" not in output
    assert "canary" not in output
