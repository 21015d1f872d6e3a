"""The two keys of the site: from the environment, or from files that are created once.

`FIELD_ENCRYPTION_KEY` decrypts the secrets in the database. Without the right one they are lost, so
a new one is only created if the database is still empty.
"""

import base64
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from ssmsite import env

SIGNING_FILE = "secret_key"
ENCRYPTION_FILE = "field_encryption_key"
FILES = (ENCRYPTION_FILE, SIGNING_FILE)


def read(directory: Path, database: Path) -> tuple[str, list[str]]:
    """Return the secret key and the encryption keys. Missing ones are created in `directory`.

    `database` is the site's own SQLite file. Raises ImproperlyConfigured if a key is missing and
    must not be created.
    """
    secret_key = env.text("DJANGO_SECRET_KEY")
    encryption_keys = env.items("FIELD_ENCRYPTION_KEY")
    if env.text("DATABASE_URL"):
        _require(DJANGO_SECRET_KEY=secret_key, FIELD_ENCRYPTION_KEY=encryption_keys)
        return secret_key, encryption_keys
    has_data = _prepare(directory, database)
    key_file = directory / ENCRYPTION_FILE
    if not encryption_keys:
        if has_data and not key_file.exists():
            raise ImproperlyConfigured(
                f"{database} exists, but the key of its secrets is gone: there is no {key_file},"
                " and FIELD_ENCRYPTION_KEY is not set. Put the key file back from your backup, or"
                " set FIELD_ENCRYPTION_KEY. If the key is lost for good, so are the stored secrets:"
                " set FIELD_ENCRYPTION_KEY to a new key and enter them again."
            )
        encryption_keys = read_or_create(key_file, _new_encryption_key).split(",")
    if not secret_key:
        secret_key = read_or_create(directory / SIGNING_FILE, get_random_secret_key)
    return secret_key, encryption_keys


def _require(**keys: str | list[str]) -> None:
    for name, value in keys.items():
        if not value:
            raise ImproperlyConfigured(
                f"{name} is not set. With DATABASE_URL the site makes no keys of its own: a new key"
                " could not open the secrets that the database holds, and two instances would each"
                " have another one. Set it to the key that this database was used with;"
                " docs/keys.md tells how to make one for a new database."
            )


def _prepare(directory: Path, database: Path) -> bool:
    """Create directory and database file, for the owner only; return whether it has data.

    Call this before looking for the key file: other processes create the key before they write
    data.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not database.exists():
            database.touch(mode=0o600)  # SQLite itself would make it readable for everybody
        return database.stat().st_size > 0
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR cannot be used: {error}.") from None


def read_or_create(path: Path, make: Callable[[], str]) -> str:
    """Return the key in a file, which is created if it is missing."""
    try:
        if not path.exists():
            _write_once(path, make())
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        key = ""
    if not key:
        raise ImproperlyConfigured(f"The key file {path} cannot be read or written, or is empty.")
    return key


def _write_once(path: Path, key: str) -> None:
    """Write a file atomically and only readable by its owner, unless it exists already."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(temporary)  # this fails if the file exists; a rename would replace it
        except FileExistsError:
            return
    finally:
        temporary.unlink()


def _new_encryption_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
