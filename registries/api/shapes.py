"""The shapes of the API's answers, as JSON Schema 2020-12: the components of its OpenAPI document.

What is written here is what `serializers`, `schema.describe` and `errors` make; the tests hold
every answer against it.
"""

from typing import Any

from registries.kinds import KINDS
from registries.verdicts import CODES, Verdict

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
OPTIONAL: Schema = {"type": ["string", "null"]}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
LINK: Schema = {"type": ["string", "null"], "format": "uri"}
DIGEST: Schema = {
    "type": "string",
    "pattern": "^sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$",
}
STATE: Schema = {"type": "string", "enum": ["anonymous", "authenticated"]}


def ref(name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def listing(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def nullable(of: Schema) -> Schema:
    return {"oneOf": [of, {"type": "null"}]}


def closed(**properties: Schema) -> Schema:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


# Which registry was chosen for an image.
CHOSEN = closed(id=NUMBER, name=TEXT, kind=TEXT, state=STATE)
MORE: Schema = {**FLAG, "description": "Whether there are others behind these; only with `n`."}
TAGS: dict[str, Schema] = {"repository": TEXT, "tags": listing(TEXT), "more": MORE}
MANIFEST: dict[str, Schema] = {
    "repository": TEXT,
    "reference": TEXT,
    "digest": DIGEST,
    "media_type": OPTIONAL,
    "platforms": listing(ref("Platform")),
}

COMPONENTS: dict[str, Schema] = {
    "Check": closed(
        verdict={"type": "string", "enum": list(Verdict)},
        code={"type": "string", "enum": list(CODES)},
        detail=TEXT,
        checked_at=TIME,
    ),
    "Secret": closed(set=FLAG),
    "Registry": closed(
        id=NUMBER,
        name=TEXT,
        kind=TEXT,
        label=TEXT,
        state=STATE,
        is_default=FLAG,
        prefix={**OPTIONAL, "description": "Only images under this are read with it."},
        url=OPTIONAL,
        check=nullable(ref("Check")),
        variables={
            "type": "object",
            "description": "All of the kind: a plain one is its value or null, a secret whether it"
            " is set.",
            "additionalProperties": {"anyOf": [OPTIONAL, ref("Secret")]},
        },
        created_at=TIME,
        updated_at=TIME,
    ),
    "Registries": closed(count=NUMBER, next=LINK, previous=LINK, results=listing(ref("Registry"))),
    "Checks": closed(checks=listing(ref("Check"))),
    "Tags": closed(**TAGS),
    "ImageTags": closed(image=TEXT, registry=CHOSEN, **TAGS),
    "Platform": closed(os=TEXT, architecture=TEXT, variant=OPTIONAL, digest=DIGEST),
    "Digest": closed(**MANIFEST),
    "ImageDigest": closed(image=TEXT, registry=CHOSEN, **MANIFEST),
    "Variable": closed(name=TEXT, label=TEXT, required=FLAG, secret=FLAG, help=TEXT),
    "HowTo": closed(
        title=TEXT,
        steps=listing(TEXT),
        notes=listing(TEXT),
        links=listing(closed(label=TEXT, url=TEXT)),
    ),
    "Kind": closed(
        slug={"type": "string", "enum": list(KINDS)},
        label=TEXT,
        hosts=listing(TEXT),
        variables=listing(ref("Variable")),
        rules=listing(TEXT),
        schema={"type": "object", "description": "JSON Schema of the variables that are set."},
        howto=ref("HowTo"),
    ),
    "Kinds": listing(ref("Kind")),
    "Resolved": closed(
        image=TEXT,
        reference=closed(host=TEXT, repository=TEXT, tag=OPTIONAL, digest=nullable(DIGEST)),
        registry=nullable(CHOSEN),
        why=listing(TEXT),
    ),
    "Error": {
        **closed(code=TEXT, detail=TEXT, fields={"type": "object", "additionalProperties": TEXT}),
        "required": ["code", "detail"],
    },
}
