"""The site's two keys: from the environment, else from a file made once beside the database.

`FIELD_ENCRYPTION_KEY` opens the secrets in the database. A new one made by mistake would leave
every stored secret unreadable, so it is made only where there is no database yet.
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
    """Return the secret key and the encryption keys, made in `directory` when missing.

    `database` is the site's own SQLite file. Raises ImproperlyConfigured where a key is missing and
    may not be made.
    """
    secret_key = env.text("DJANGO_SECRET_KEY")
    encryption_keys = env.items("FIELD_ENCRYPTION_KEY")
    if env.text("DATABASE_URL"):
        _demand(DJANGO_SECRET_KEY=secret_key, FIELD_ENCRYPTION_KEY=encryption_keys)
        return secret_key, encryption_keys
    is_used = _prepare(directory, database)
    key_file = directory / ENCRYPTION_FILE
    if not encryption_keys:
        if is_used and not key_file.exists():
            raise ImproperlyConfigured(
                f"{database} exists, but the key of its secrets is gone: there is no {key_file},"
                " and FIELD_ENCRYPTION_KEY is not set. Put the key file back from your backup, or"
                " set FIELD_ENCRYPTION_KEY. If the key is lost for good, so are the stored secrets:"
                " set FIELD_ENCRYPTION_KEY to a new key and enter them again."
            )
        encryption_keys = kept(key_file, _new_encryption_key).split(",")
    if not secret_key:
        secret_key = kept(directory / SIGNING_FILE, get_random_secret_key)
    return secret_key, encryption_keys


def _demand(**keys: str | list[str]) -> None:
    for name, value in keys.items():
        if not value:
            raise ImproperlyConfigured(
                f"{name} is not set. With DATABASE_URL the site makes no keys of its own: a new key"
                " could not open the secrets that the database holds, and two instances would each"
                " have another one. Set it to the key that this database was used with;"
                " docs/keys.md tells how to make one for a new database."
            )


def _prepare(directory: Path, database: Path) -> bool:
    """Make what is missing, for the owner alone; whether the database had been used before.

    To be asked before the key file is looked at: whoever used the database had made the key first.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not database.exists():
            database.touch(mode=0o600)  # SQLite itself would let everybody read it
        return database.stat().st_size > 0
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR cannot be used: {error}.") from None


def kept(path: Path, make: Callable[[], str]) -> str:
    """Return the key in the file, after making it when there is none."""
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
    """Write the file whole and readable by its owner alone, unless another process was faster."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)  # fails where the file exists; a rename would replace it
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _new_encryption_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
