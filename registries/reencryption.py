"""Re-encrypts stored secrets with the first key, and erases those that no key decrypts.

This runs while people and other processes use the rows. Each row is written by one statement, and
only if its secrets are still those that were read. So no concurrent change is overwritten, and a
process that is killed leaves every row either as it was or finished.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from django.db.models import F, Q

from registries.models import Registry
from registries.models.last_check import CHECK_FIELDS
from registries.models.queryset import SECRETS
from registries.models.registry import new_version
from registries.models.secret_column import IsUnchanged
from registries.provisioning.applied import with_first_key
from registries.secrets.keys import key_id_for, key_ids, rotated
from registries.secrets.sealing import Secret

# Rows in memory at a time.
BATCH = 200


class Outcome(Enum):
    """The result for a row: already current, re-encrypted, or with an unreadable secret."""

    CURRENT = "current"
    RENEWED = "renewed"
    UNREADABLE = "unreadable"


def reencrypt(*, dry_run: bool = False) -> Iterator[tuple[Registry, Outcome]]:
    """Re-encrypt all stored secrets with the first key, and yield each row with its outcome.

    Secrets that no key decrypts are not changed. A dry run writes nothing.
    """
    for row in _rows():
        current: Registry | None = row
        while current:
            if outcome := _renew(current, dry_run=dry_run):
                yield current, outcome
                break
            # The row was saved meanwhile, so it is loaded again.
            current = Registry.objects.filter(pk=row.pk).first()


def unreadable() -> Iterator[Registry]:
    """Return the rows with a secret that no configured key decrypts."""
    return (row for row in _rows() if _unreadable_names(row))


def forget(row: Registry) -> bool:
    """Erase the secrets of a row that no key decrypts. Returns False if it changed meanwhile.

    The rest of the row stays, so that the secrets can be entered again. Its last check is cleared.
    """
    unreadable_names = _unreadable_names(row)
    remaining = [token for name, token in _tokens(row).items() if name not in unreadable_names]
    row.clear_check()
    check = {name: getattr(row, name) for name in CHECK_FIELDS}
    # The version changes, so that forms which were loaded before cannot overwrite the row.
    erased = dict.fromkeys(unreadable_names)
    return _swap(row, erased, key_id=_key_id(row, remaining), version=new_version(), **check)


def _renew(row: Registry, *, dry_run: bool) -> Outcome | None:
    """Return the outcome for a row, or None if its secrets were changed meanwhile."""
    tokens = _tokens(row)
    renewed = {name: rotated(getattr(row, name).with_trust().token) for name in tokens}
    key_id = _key_id(row, renewed.values())
    applied = with_first_key(row)
    is_current = renewed == tokens and key_id == row.key_id and applied == row.applied
    # The version stays, because the secrets are the same and open forms are still valid.
    secrets = {name: Secret(token) for name, token in renewed.items()}
    if not (is_current or dry_run or _swap(row, secrets, key_id=key_id, applied=applied)):
        return None
    if not all(getattr(row, name).readable() for name in tokens):
        return Outcome.UNREADABLE
    return Outcome.CURRENT if is_current else Outcome.RENEWED


def _rows() -> Iterator[Registry]:
    """Yield the rows with secrets, in batches, so that no query stays open."""
    last = 0
    rows = Registry.objects.authenticated().order_by("pk")
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _tokens(row: Registry) -> dict[str, str]:
    return {name: secret.token for name in SECRETS if (secret := getattr(row, name))}


def _unreadable_names(row: Registry) -> list[str]:
    return [name for name, token in _tokens(row).items() if key_id_for(token) is None]


def _key_id(row: Registry, tokens: Iterable[str]) -> str:
    """Return the ids of the keys of these tokens; of missing keys, those stored on the row."""
    ids = {key_id_for(token) for token in tokens}
    if None in ids:
        ids |= set(row.key_id.split(",")).difference(key_ids())
    return ",".join(sorted(filter(None, ids)))


def _swap(row: Registry, renewed: Mapping[str, Secret | None], **columns: Any) -> bool:
    """Write the row with one statement, if its secrets are still those that were read."""
    unchanged = Q(pk=row.pk)
    for name in SECRETS:
        secret = getattr(row, name)
        # The field itself has no lookup for ciphertext, so an expression is used.
        is_same = IsUnchanged(F(name), secret.token) if secret else (f"{name}__isnull", True)
        unchanged &= Q(is_same)
    return bool(Registry._base_manager.filter(unchanged).update(**renewed, **columns))
