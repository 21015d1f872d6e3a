"""How rows, references and manifests look in JSON.

Plain functions over what the database returns: a page of rows costs no model instances, and a
secret's column is asked only whether it is set.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from registries.kinds import KINDS, Variable
from registries.models import VARIABLES, Check, Registry
from registries.queryset import SECRETS, RegistryQuerySet
from registries.results import CheckResult
from registries.verdicts import CODES, Verdict

if TYPE_CHECKING:
    from registries.client.client import Manifest

_IS_SET = {f"{name}_is_set": Q((f"{name}__isnull", False)) for name in SECRETS}
_COLUMNS = (
    "id",
    "name",
    "kind",
    "has_secrets",
    "is_default",
    "prefix",
    "created_at",
    "updated_at",
    "check_verdict",
    "check_code",
    "check_params",
    "checked_at",
    *(name for name in VARIABLES if name not in SECRETS),
)


def columns(rows: RegistryQuerySet) -> QuerySet[Registry, dict[str, Any]]:
    """The rows with the columns that `registry` reads, no secret among them."""
    read: QuerySet[Registry, dict[str, Any]]
    read = rows.annotate(**_IS_SET).values(*_COLUMNS, *_IS_SET)
    return read


def registry(row: Mapping[str, Any]) -> dict[str, Any]:
    """A registry as the API shows it, from a row of `columns`."""
    kind = KINDS.get(row["kind"])
    # A kind may be gone after a downgrade: its rows are still listed.
    declared = kind.variables if kind else ()
    variables = {variable.name: _variable(variable, row) for variable in declared}
    return {
        "id": row["id"],
        "name": row["name"],
        "kind": row["kind"],
        "label": gettext(kind.label) if kind else row["kind"],
        "state": _state(row["has_secrets"]),
        "is_default": row["is_default"],
        "prefix": row["prefix"] or None,
        "url": variables.get("url"),
        "check": _check(row),
        "variables": variables,
        "created_at": _moment(row["created_at"]),
        "updated_at": _moment(row["updated_at"]),
    }


def _state(has_secrets: bool) -> str:
    return "authenticated" if has_secrets else "anonymous"


def _variable(variable: Variable, row: Mapping[str, Any]) -> Any:
    if variable.secret:
        return {"set": bool(row[f"{variable.name}_is_set"])}
    return row[variable.name] or None


def _check(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["checked_at"] is None:
        return None
    return _result(row["check_verdict"], row["check_code"], row["check_params"], row["checked_at"])


def checks(history: QuerySet[Check]) -> list[dict[str, Any]]:
    """Past checks, the newest first, no more than a registry keeps."""
    past = history.values_list("verdict", "code", "params", "checked_at")[: Check.KEPT]
    return [shown for each in past if (shown := _result(*each))]


def _result(
    verdict: str, code: str, params: Mapping[str, str], checked_at: datetime
) -> dict[str, Any] | None:
    """A check in JSON; None for one that a later version of the app stored."""
    if code not in CODES or verdict not in set(Verdict):
        return None
    return {
        "verdict": verdict,
        "code": code,
        "detail": CheckResult(Verdict(verdict), code, checked_at, params).detail,
        "checked_at": _moment(checked_at),
    }


def _moment(held: datetime) -> datetime:
    """In UTC, also where USE_TZ is off and models hold local times."""
    return held.astimezone(UTC)


def chosen(row: Registry) -> dict[str, Any]:
    """What tells which registry was chosen for an image."""
    return {"id": row.pk, "name": row.name, "kind": row.kind, "state": _state(row.has_secrets)}


def manifest(found: "Manifest") -> dict[str, Any]:
    """A manifest's digest, media type and platforms; what the registry left out is null."""
    return {
        "digest": found.digest,
        "media_type": found.media_type or None,
        "platforms": [
            {
                "os": platform.os,
                "architecture": platform.architecture,
                "variant": platform.variant or None,
                "digest": platform.digest,
            }
            for platform in found.platforms
        ],
    }
