"""docs/api-reference.md: every address of the API, from its OpenAPI document."""

import json
from collections.abc import Iterator
from typing import Any

HEAD = """\
# API reference

This page lists every address of the API, from its [OpenAPI document](openapi.json). [The
API](api.md) explains how to sign in, how pages, limits and errors work, and has examples in curl
and Python. A running site shows the same at `/api/docs/`, where you can try each call.

Addresses are below the place where the API is: `/api/` on the ready-to-run site. `HEAD` works
wherever `GET` does.
"""
# Instead of values that another page lists.
ELSEWHERE = {"CodeEnum": "a [code](checks.md)", "SlugEnum": "the slug of a [kind](kinds.md)"}
BODY = (
    "The fields of the request are on the page [Handing credentials over](handover.md#over-http)."
)


def page(document: dict[str, Any]) -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield from _operation(f"{method.upper()} {path}", operation, schemas)
    yield "## Objects"
    yield ""
    for name, schema in schemas.items():
        if "properties" in schema:
            yield from _object(name, schema, schemas)


def _operation(title: str, operation: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield operation["summary"]
    yield ""
    if "requestBody" in operation:
        yield BODY
        yield ""
    parameters = operation.get("parameters", [])
    if parameters:
        yield "| parameter | in | what |"
        yield "|---|---|---|"
        for parameter in parameters:
            schema = parameter["schema"]
            what = [parameter.get("description", ""), _values(schema, schemas)]
            what += ["Required."] if parameter.get("required") else []
            text = " ".join(filter(None, what))
            yield f"| `{parameter['name']}` | {parameter['in']} | {_cell(text)} |"
        yield ""
    yield from _answer(operation["responses"])


def _answer(responses: dict[str, Any]) -> Iterator[str]:
    """The example of an answer, and the statuses of errors."""
    (content, *_) = responses["200"]["content"].values()
    (example, *_) = content["examples"].values()
    yield "```json"
    yield json.dumps(example["value"], indent=2, ensure_ascii=False)
    yield "```"
    yield ""
    if name := _name(content["schema"]):
        yield f"The answer is {_link(name)}."
        yield ""
    others = ", ".join(status for status in responses if status != "200")
    yield f"Other statuses: {others}. [What they mean](api.md#errors)."
    yield ""


def _object(name: str, schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    if text := schema.get("description"):
        yield text
        yield ""
    yield "| field | type | what |"
    yield "|---|---|---|"
    for field, what in schema["properties"].items():
        text = " ".join(filter(None, [what.get("description"), _values(what, schemas)]))
        yield f"| `{field}` | {_type(what, schemas)} | {_cell(text)} |"
    yield ""


def _type(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    parts = [part for key in ("oneOf", "anyOf", "allOf") for part in schema.get(key, [])]
    if parts:
        return " or ".join(_type(part, schemas) for part in parts)
    if name := _name(schema):
        return _link(name) if "properties" in schemas[name] else "string"
    kinds = schema.get("type", "any")
    if kinds == "array":
        return f"list of {_type(schema['items'], schemas)}"
    text = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    return "date and time" + text.removeprefix("string") if "format" in schema else text


def _values(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """The values of a field that has only some."""
    found = [schema, *schema.get("allOf", []), *schema.get("oneOf", [])]
    for name in filter(None, map(_name, found)):
        if name in ELSEWHERE:
            return f"It is {ELSEWHERE[name]}."
        found.append(schemas[name])
    values = [value for part in found for value in part.get("enum", []) if value is not None]
    return f"One of {', '.join(f'`{value}`' for value in values)}." if values else ""


def _name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")
