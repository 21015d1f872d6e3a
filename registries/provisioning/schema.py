"""The JSON Schema 2020-12 of a file of registries, made from the kinds.

Editors complete and check files with it. What takes the site itself to know is not in it: whether a
name is taken, and whether a reference leads to a secret.
"""

from typing import Any

from registries import conf
from registries.conf import ENV_PREFIX
from registries.kinds import KINDS, Kind, Variable
from registries.models import Leaving, names
from registries.provisioning.document import SOURCE_PATTERN, VERSION
from registries.provisioning.references import ENV_PATTERN
from registries.schema import json_schema
from registries.text import plain

Schema = dict[str, Any]
REFERENCE = {
    "description": "Where the secret is, on the machine that applies the file.",
    "type": "object",
    "properties": {
        "env": {
            "description": f"An environment variable that starts with {ENV_PREFIX}.",
            "type": "string",
            "pattern": ENV_PATTERN,
        },
        "file": {
            "description": (
                "A file in one of the site's folders for secrets, such as /run/secrets/registries."
            ),
            "type": "string",
            "pattern": "^/",
        },
    },
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
PARTS: dict[str, Schema] = {
    "name": {
        "description": "What the registry is called on the site; no two have the same name.",
        "type": "string",
        "minLength": 1,
        "maxLength": names.MAX_NAME,
    },
    "kind": {"description": "The kind of registry.", "enum": sorted(KINDS)},
    "was": {
        "description": "Its earlier name, where it is renamed.",
        "type": "string",
        "minLength": 1,
    },
    "set": {"description": "The variables of its kind that are no secrets.", "type": "object"},
    "secrets": {"description": "Where the secrets of its kind are.", "type": "object"},
    "prefix": {
        "description": "Only for images under this, such as ghcr.io/acme.",
        "type": "string",
        "maxLength": 255,
    },
    "ca_certificate": {"description": "A private CA, as PEM.", "type": "string"},
    "verify_tls": {
        "description": "Whether the registry's certificate is verified.",
        "type": "boolean",
        "default": True,
    },
    "check_every": {
        "description": "Seconds between two checks; 0 is never. Without it, the site's setting.",
        "type": "integer",
        "anyOf": [{"const": 0}, {"minimum": conf.MINUTE, "maximum": conf.MONTH}],
    },
    "expires_on": {
        "description": "The day on which the credentials end, such as 2030-01-31.",
        "type": "string",
        "format": "date",
    },
    "handover": {
        "description": "Which of its credentials may be handed over to other programs.",
        "enum": [*Leaving.values],
        "default": Leaving.NONE.value,
    },
}


def file_schema() -> Schema:
    """Return the JSON Schema of a whole file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Registries as code",
        "type": "object",
        "properties": {
            "$schema": {"type": "string"},
            "version": {"description": "The version of this schema.", "const": VERSION},
            "source": {
                "description": "Who owns these registries: a name that you choose.",
                "type": "string",
                "pattern": SOURCE_PATTERN,
            },
            "registries": {"type": "array", "items": {"$ref": "#/$defs/registry"}},
        },
        "required": ["version", "source", "registries"],
        "additionalProperties": False,
        "$defs": {
            "reference": REFERENCE,
            "registry": {
                "type": "object",
                "properties": PARTS,
                "required": ["name", "kind"],
                "additionalProperties": False,
                "allOf": [
                    {
                        "if": {"properties": {"kind": {"const": slug}}, "required": ["kind"]},
                        "then": {"$ref": f"#/$defs/{slug}"},
                    }
                    for slug in KINDS
                ],
            },
            **{slug: _of_kind(kind) for slug, kind in KINDS.items()},
        },
    }


def _of_kind(kind: Kind) -> Schema:
    own = json_schema(kind)
    groups: dict[str, Schema] = {"set": {}, "secrets": {}}
    for variable in kind.variables:
        schema = own["properties"][variable.name]
        common = {"description": _description(variable)}
        if variable.secret:
            deprecated = {"deprecated": True} if variable.deprecated else {}
            groups["secrets"][variable.name] = {
                **common,
                **deprecated,
                "$ref": "#/$defs/reference",
            }
        else:
            groups["set"][variable.name] = {**common, **schema}
    properties: Schema = {
        name: {"properties": group, "additionalProperties": False} for name, group in groups.items()
    }
    if not kind.exchanged_by:
        properties["handover"] = {"enum": [Leaving.NONE.value, Leaving.ANY.value]}
    rules = _over_groups({"required": own["required"], "allOf": own.get("allOf", [])}, kind)
    if kind.default_name is not None:
        # The default row may have nothing at all.
        empty = {name: {"maxProperties": 0} for name in groups}
        rules = {"anyOf": [{"properties": empty}, rules]}
    return {"properties": properties, "allOf": [rules]}


def _description(variable: Variable) -> str:
    return plain(". ".join(filter(None, (variable.label, variable.help))))


def _over_groups(schema: Schema, kind: Kind) -> Schema:
    """Return a rule over variables as one over an object that has them in `set` and `secrets`."""
    parts: list[Schema] = []
    for word, value in schema.items():
        if word == "required":
            parts += [_has(name, kind) for name in value]
        elif word == "dependentRequired":
            parts += [
                {"if": _has(name, kind), "then": {"allOf": [_has(part, kind) for part in needed]}}
                for name, needed in value.items()
            ]
        elif word in {"allOf", "anyOf", "oneOf"}:
            if value:
                parts.append({word: [_over_groups(part, kind) for part in value]})
        elif word == "not":
            parts.append({word: _over_groups(value, kind)})
        elif word == "if":
            then = _over_groups(schema["then"], kind)
            parts.append({"if": _over_groups(value, kind), "then": then})
        elif word != "then":
            raise NotImplementedError(word)
    return parts[0] if len(parts) == 1 else {"allOf": parts} if parts else {}


def _has(name: str, kind: Kind) -> Schema:
    group = "secrets" if kind.by_name[name].secret else "set"
    return {"required": [group], "properties": {group: {"required": [name]}}}
