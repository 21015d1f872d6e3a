"""The serializers of the API's responses."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from registries.kinds import KINDS, Variable
from registries.models import Check, Leaving
from registries.models.ending import EndSource
from registries.models.queryset import SECRETS, RegistryQuerySet
from registries.models.results import CheckResult
from registries.models.variables import VARIABLES
from registries.verdicts import CODES, Verdict, sentence

# Values for the examples in the OpenAPI document.
TIME = "2030-01-02T03:04:05Z"

VERDICTS = frozenset(Verdict)
STATES = ("anonymous", "authenticated")

_IS_SET = {f"{name}_is_set": Q((f"{name}__isnull", False)) for name in SECRETS}
_CHECK = ("check_verdict", "check_code", "check_params", "checked_at", "kind")
_COLUMNS = (
    *("id", "name", "has_secrets", "is_default", "prefix", "created_at", "updated_at"),
    *("handover", "last_handed_over", "source", "check_every", "next_check"),
    *("expires_on", "expires_on_source"),
    *_CHECK,
    *(name for name in VARIABLES if name not in SECRETS),
)


def columns(rows: RegistryQuerySet) -> QuerySet[Any, dict[str, Any]]:
    """Select the columns that RegistrySerializer needs, which include no secret."""
    read: QuerySet[Any, dict[str, Any]]
    read = rows.annotate(**_IS_SET).values(*_COLUMNS, *_IS_SET)
    return read


def past_checks(history: QuerySet[Check]) -> list[dict[str, Any]]:
    """Return past checks, the newest first, as many as a registry shows."""
    rows = history.values_list("verdict", "code", "params", "checked_at", "kind")[: Check.KEPT]
    return [check for row in rows if (check := _check(*row))]


def _check(
    verdict: str, code: str, params: Mapping[str, str], checked_at: datetime | None, kind: str
) -> dict[str, Any] | None:
    """Return a stored check, or None if there is none or its code is from a later version."""
    if checked_at is None or code not in CODES or verdict not in VERDICTS:
        return None
    detail = CheckResult(Verdict(verdict), code, checked_at, params, kind=kind).detail
    checked = _moment(checked_at)
    return {"verdict": verdict, "code": code, "detail": detail, "checked_at": checked}


def _moment(time: datetime) -> str:
    """Return a time in UTC, also if USE_TZ is off and the models have local times."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def with_example(**values: Any) -> Any:
    """Add an example response with these values to the OpenAPI document."""
    example = OpenApiExample("Example", values, response_only=True, status_codes=["200"])
    return extend_schema_serializer(examples=[example])


class OptionalField(serializers.CharField):
    """A text, or null if it is empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> str | None:  # type: ignore[override]  # or null
        return super().to_representation(value) or None


class CheckSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=list(Verdict))
    code = serializers.ChoiceField(choices=list(CODES))
    detail = serializers.CharField()
    checked_at = serializers.DateTimeField()


CHECK = {
    "verdict": "valid",
    "code": "signed_in",
    "detail": sentence("signed_in"),
    "checked_at": TIME,
}


@with_example(checks=[CHECK])
class ChecksSerializer(serializers.Serializer[Any]):
    checks = CheckSerializer(many=True)


@extend_schema_field(
    {
        "type": "object",
        "description": "All variables of the kind, with their value or null. Of a secret, only"
        " whether it is set.",
        "additionalProperties": {
            "anyOf": [
                {"type": ["string", "null"]},
                {
                    "type": "object",
                    "properties": {"set": {"type": "boolean"}},
                    "required": ["set"],
                    "additionalProperties": False,
                },
            ]
        },
    }
)
class VariablesField(serializers.DictField):
    pass


@with_example(
    id=7,
    name="Acme",
    kind="ghcr",
    label=KINDS["ghcr"].label,
    state="authenticated",
    is_default=False,
    prefix="ghcr.io/acme",
    url=None,
    check=CHECK,
    variables={"username": "johndoe", "token": {"set": True}},
    created_at=TIME,
    updated_at=TIME,
    handover="any",
    last_handed_over=TIME,
    source="platform-team",
    check_every=None,
    next_check_at=TIME,
    expires_on="2030-01-31",
    expires_on_source="typed",
)
class RegistrySerializer(serializers.Serializer[Mapping[str, Any]]):
    id = serializers.IntegerField(min_value=0)
    name = serializers.CharField()
    kind = serializers.CharField()
    label = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    is_default = serializers.BooleanField()
    prefix = OptionalField(help_text="The registry is only used for images with this prefix.")
    url = OptionalField()
    check = CheckSerializer(allow_null=True)
    variables = VariablesField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    handover = serializers.ChoiceField(
        choices=Leaving.values, help_text="Which of its credentials may be handed over."
    )
    last_handed_over = serializers.DateTimeField(allow_null=True)
    source = OptionalField(help_text="The source of the file that owns it; null if none does.")
    check_every = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="Seconds between two checks, 0 for never; null for the setting `CHECK_EVERY`.",
    )
    next_check_at = serializers.DateTimeField(
        allow_null=True, help_text="When it is checked next, or should have been; null for never."
    )
    expires_on = serializers.DateField(
        allow_null=True,
        help_text="The day on which the credentials end; null if that is unknown, or never.",
    )
    expires_on_source = serializers.ChoiceField(
        choices=EndSource.values,
        allow_null=True,
        help_text="Whether somebody entered that day, or the registry or the credentials said it;"
        " null if it is unknown, or was entered for earlier credentials.",
    )

    def to_representation(self, instance: Mapping[str, Any]) -> dict[str, Any]:
        # Not field by field, because that would take six times as long for a page of 100.
        kind = KINDS.get(instance["kind"])
        # The kind may be missing after a downgrade. Its rows are listed anyway.
        declared = kind.variables if kind else ()
        variables = {variable.name: _variable(variable, instance) for variable in declared}
        return {
            "id": instance["id"],
            "name": instance["name"],
            "kind": instance["kind"],
            "label": gettext(kind.label) if kind else instance["kind"],
            "state": STATES[instance["has_secrets"]],
            "is_default": instance["is_default"],
            "prefix": instance["prefix"] or None,
            "url": variables.get("url"),
            "check": _check(*[instance[name] for name in _CHECK]),
            "variables": variables,
            "created_at": _moment(instance["created_at"]),
            "updated_at": _moment(instance["updated_at"]),
            "handover": instance["handover"],
            "last_handed_over": _moment(handed)
            if (handed := instance["last_handed_over"])
            else None,
            "source": instance["source"] or None,
            "check_every": instance["check_every"],
            "next_check_at": _due(instance),
            "expires_on": day.isoformat() if (day := instance["expires_on"]) else None,
            "expires_on_source": instance["expires_on_source"] or None,
        }


def _due(row: Mapping[str, Any]) -> str | None:
    """When a row is or was due: since it was changed, or at a time of its own."""
    if row["next_check"] is None:
        return None
    due = row["next_check"]
    return _moment(datetime.fromtimestamp(due, UTC) if due else row["updated_at"])


def _variable(variable: Variable, row: Mapping[str, Any]) -> Any:
    if variable.secret:
        return {"set": bool(row[f"{variable.name}_is_set"])}
    return row[variable.name] or None


class ErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    fields = serializers.DictField(child=serializers.CharField(), required=False)
