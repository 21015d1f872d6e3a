"""Stored secrets and the encryption keys: moved to the first key, or given up.

Rows are worked on while people and other processes use them. Each is written by one statement,
and only where its secrets are still those that were read: whoever saved meanwhile is never
overwritten, and a process killed at any moment leaves every row as it was or as it shall be.
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
from registries.secrets.keys import key_id_for, key_ids, rotated
from registries.secrets.sealing import Secret

# Rows in memory at a time.
BATCH = 200


class Outcome(Enum):
    """What became of a row: nothing to do, encrypted anew, or a secret that nobody can read."""

    CURRENT = "current"
    RENEWED = "renewed"
    UNREADABLE = "unreadable"


def reencrypt(*, dry_run: bool = False) -> Iterator[tuple[Registry, Outcome]]:
    """Encrypt every stored secret with the first key; each row and what became of it.

    A secret that no key opens is left as it is. A dry run writes nothing.
    """
    for row in _rows():
        current: Registry | None = row
        while current:
            if outcome := _renew(current, dry_run=dry_run):
                yield current, outcome
                break
            # Somebody saved the row meanwhile, so it is looked at again.
            current = Registry.objects.filter(pk=row.pk).first()


def unreadable() -> Iterator[Registry]:
    """The rows that hold a secret which no key in force opens."""
    return (row for row in _rows() if _lost(row))


def forget(row: Registry) -> bool:
    """Erase the secrets of the row that no key opens; False where it was changed meanwhile.

    The rest of the row stays, for the secrets to be filled in again; its last check is forgotten.
    """
    lost = _lost(row)
    kept = [token for name, token in _tokens(row).items() if name not in lost]
    row.clear_check()
    check = {name: getattr(row, name) for name in CHECK_FIELDS}
    # A new version, as after any change: what was loaded before is not saved over it.
    erased = dict.fromkeys(lost)
    return _swap(row, erased, key_id=_key_id(row, kept), version=new_version(), **check)


def _renew(row: Registry, *, dry_run: bool) -> Outcome | None:
    """What became of the row; None where its secrets were changed meanwhile."""
    tokens = _tokens(row)
    new = {name: rotated(getattr(row, name).with_trust().token) for name in tokens}
    key_id = _key_id(row, new.values())
    is_current = new == tokens and key_id == row.key_id
    # The version stays: the secrets are the same, so a form that is open is not out of date.
    secrets = {name: Secret(token) for name, token in new.items()}
    if not (is_current or dry_run or _swap(row, secrets, key_id=key_id)):
        return None
    if not all(getattr(row, name).readable() for name in tokens):
        return Outcome.UNREADABLE
    return Outcome.CURRENT if is_current else Outcome.RENEWED


def _rows() -> Iterator[Registry]:
    """The rows that hold secrets, in batches, so that no read stays open meanwhile."""
    last = 0
    rows = Registry.objects.authenticated().order_by("pk")
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _tokens(row: Registry) -> dict[str, str]:
    return {name: secret.token for name in SECRETS if (secret := getattr(row, name))}


def _lost(row: Registry) -> list[str]:
    return [name for name, token in _tokens(row).items() if key_id_for(token) is None]


def _key_id(row: Registry, tokens: Iterable[str]) -> str:
    """The ids of the keys of these tokens; of a key that is gone only the row knows the id."""
    found = {key_id_for(token) for token in tokens}
    if None in found:
        found |= set(row.key_id.split(",")).difference(key_ids())
    return ",".join(sorted(filter(None, found)))


def _swap(row: Registry, new: Mapping[str, Secret | None], **columns: Any) -> bool:
    """Write in one statement, if the row's secrets are still what they were when it was read."""
    same = Q(pk=row.pk)
    for name in SECRETS:
        held = getattr(row, name)
        # Compared by the expression: the field itself lets nobody look for a token.
        same &= Q(IsUnchanged(F(name), held.token)) if held else Q((f"{name}__isnull", True))
    return bool(Registry._base_manager.filter(same).update(**new, **columns))
