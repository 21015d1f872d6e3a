"""What a file said of a row when it was applied last, as fingerprints on the row.

With these a plan tells whether the file changed since, or the row in spite of the file. A row holds
`{"key": ID, "fields": {NAME: FINGERPRINT}}`: of the variables of its kind, and of those other
columns that the file named.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.kinds import KINDS
from registries.models import Registry
from registries.provisioning.document import COMMON
from registries.secrets.fingerprints import Fingerprints
from registries.secrets.keys import key_ids
from registries.secrets.sealing import Secret, SecretUnreadable

# A column's value as text; None where it is a secret that today's keys cannot read.
Values = Mapping[str, str | None]


@sensitive_variables()
def as_applied(row: Registry, values: Values) -> dict[str, Any]:
    """Return what `Registry.applied` holds once these values are applied."""
    prints = Fingerprints()
    fields = {name: prints.of(row.uid.hex, name, value or "") for name, value in values.items()}
    return {"key": prints.key_id, "fields": fields}


def named_before(row: Registry) -> set[str]:
    """Return the names of the columns that the file named when it was applied last."""
    return set((row.applied or {}).get("fields", ()))


@sensitive_variables()
def drifted(row: Registry, names: Iterable[str], actual: Values) -> set[str]:
    """Return which of the columns are no longer as they were applied; none if nothing is known."""
    applied = row.applied or {}
    try:
        prints = Fingerprints(applied.get("key", ""))
    except KeyError:
        return set()  # the key is gone
    fields = applied.get("fields", {})
    return {
        name
        for name in names
        if name in fields
        and ((value := actual[name]) is None or prints.of(row.uid.hex, name, value) != fields[name])
    }


@sensitive_variables()
def with_first_key(row: Registry) -> dict[str, Any] | None:
    """Return `Registry.applied` with fingerprints of the key that encrypts now.

    What drifted keeps the fingerprint of the earlier key, so that it still counts as drifted.
    """
    if not row.applied or row.applied["key"] == key_ids()[0] or row.kind not in KINDS:
        return row.applied
    actual = values_of(row)
    changed = drifted(row, actual, actual)
    fields = row.applied["fields"]
    intact = {
        name: value for name, value in actual.items() if name in fields and name not in changed
    }
    applied = as_applied(row, intact)
    return {**applied, "fields": {**fields, **applied["fields"]}}


@sensitive_variables()
def values_of(row: Registry) -> dict[str, str | None]:
    """Return the columns that a file decides as texts, secrets in clear.

    None is a secret that cannot be read: it differs from whatever is declared.
    """
    names = (*row.declaration.by_name, *COMMON)
    return {name: as_text(getattr(row, name)) for name in names}


@sensitive_variables()
def as_text(value: Any) -> str | None:
    """Return a column's value as text."""
    if isinstance(value, Secret):
        try:
            return value.reveal()
        except SecretUnreadable:
            return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
