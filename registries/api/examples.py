"""One answer of each shape, as the API's document shows it. Every value is made up."""

from typing import Any

from registries.kinds import KINDS
from registries.schema import describe
from registries.text import gettext_noop
from registries.verdicts import sentence

TIME = "2030-01-02T03:04:05Z"
DIGEST, AMD64, ARM64 = ("sha256:" + letter * 64 for letter in "012")
CHOSEN = {"id": 7, "name": "Acme", "kind": "ghcr", "state": "authenticated"}
CHECK = {
    "verdict": "valid",
    "code": "signed_in",
    "detail": sentence("signed_in"),
    "checked_at": TIME,
}
REGISTRY = {
    "id": 7,
    "name": "Acme",
    "kind": "ghcr",
    "label": KINDS["ghcr"].label,
    "state": "authenticated",
    "is_default": False,
    "prefix": "ghcr.io/acme",
    "url": None,
    "check": CHECK,
    "variables": {"username": "johndoe", "token": {"set": True}},
    "created_at": TIME,
    "updated_at": TIME,
}
KIND = describe(KINDS["ghcr"], gettext_noop)
TAGS = {"repository": "acme/app", "tags": ["1.0", "1.1", "latest"], "more": False}
MANIFEST = {
    "repository": "acme/app",
    "reference": "1.1",
    "digest": DIGEST,
    "media_type": "application/vnd.oci.image.index.v1+json",
    "platforms": [
        {"os": "linux", "architecture": "amd64", "variant": None, "digest": AMD64},
        {"os": "linux", "architecture": "arm64", "variant": "v8", "digest": ARM64},
    ],
}

# By the name of the shape, as in `shapes.COMPONENTS`.
EXAMPLES: dict[str, Any] = {
    "Registries": {"count": 1, "next": None, "previous": None, "results": [REGISTRY]},
    "Registry": REGISTRY,
    "Checks": {"checks": [CHECK]},
    "Tags": TAGS,
    "ImageTags": {"image": "ghcr.io/acme/app", "registry": CHOSEN, **TAGS},
    "Digest": MANIFEST,
    "ImageDigest": {"image": "ghcr.io/acme/app:1.1", "registry": CHOSEN, **MANIFEST},
    "Kinds": [KIND],
    "Kind": KIND,
    "Resolved": {
        "image": "ghcr.io/acme/app:1.1",
        "reference": {
            "host": "ghcr.io",
            "repository": "acme/app",
            "tag": "1.1",
            "digest": None,
        },
        "registry": CHOSEN,
        "why": [
            "The image's full name is ghcr.io/acme/app:1.1; its registry is ghcr.io.",
            "“Acme” is for images under ghcr.io/acme.",
            "No other registry answers for it.",
        ],
    },
}

# The host that sentences about a registry name.
HOST = "registry.example"
# What 400 says besides `bad_request`.
WRONG_PARAMETERS = (
    {
        "code": "invalid_parameter",
        "detail": "A parameter is missing or wrong: see the fields.",
        "fields": {"repository": "This is required."},
    },
    {"code": "unknown_parameter", "detail": "This address takes only: image."},
    {"code": "invalid_query", "detail": "Write the query as UTF-8, percent-encoded."},
)
