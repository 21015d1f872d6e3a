"""The JSON Schema and the description of a kind for API clients."""

from collections.abc import Callable
from typing import Any

from registries.kinds.base import Kind, Variable
from registries.text import plain


def json_schema(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema 2020-12 of an object with the variables that are set.

    A default row may also be an empty object, even if variables are required.
    """
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {variable.name: _property(variable) for variable in kind.variables},
        "required": [variable.name for variable in kind.variables if variable.required],
        "additionalProperties": False,
    }
    if kind.rules:
        schema["allOf"] = [rule.schema() for rule in kind.rules]
    return schema


def _property(variable: Variable) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": variable.max_length}
    if variable.choices:
        schema["enum"] = [value for value, _label in variable.choices()]
    if variable.pattern:
        schema["pattern"] = variable.pattern
    if variable.secret:
        schema["writeOnly"] = True
    if variable.deprecated:
        schema["deprecated"] = True
    return schema


def describe(kind: Kind, translate: Callable[[str], str]) -> dict[str, Any]:
    """Return the description of a kind for the API, in the language of `translate`.

    The steps and notes of its how-to are plain text, without the markup that forms show.
    """
    howto = kind.howto
    return {
        "slug": kind.slug,
        "label": translate(kind.label),
        "hosts": list(kind.hosts),
        "variables": [
            {
                "name": variable.name,
                "label": translate(variable.label),
                "required": variable.required,
                "secret": variable.secret,
                "help": translate(variable.help),
            }
            for variable in kind.variables
        ],
        "rules": [rule.sentence(kind.labels).render(translate) for rule in kind.rules],
        "schema": json_schema(kind),
        "howto": {
            "title": translate(howto.title),
            "steps": [plain(translate(step)) for step in howto.steps],
            "notes": [plain(translate(note)) for note in howto.notes],
            "links": [{"label": translate(link.label), "url": link.url} for link in howto.links],
        },
    }
