"""The documentation page of the API: what each call is for, with an example of it."""

import json
from typing import Any, NamedTuple

from django.utils.translation import gettext

from registries.text import gettext_noop as _

# Each path of the OpenAPI document: its summary there, and the path and query, or the path and
# the body in JSON, of an example.
CALLS = {
    "/handover/": (
        _("Hand over credentials, in the form that another program reads."),
        "/handover/",
        '{"image": "ghcr.io/acme/app:1.1", "form": "docker"}',
    ),
    "/handovers/": (
        _("List what was handed over and what was refused, the newest first, in pages."),
        "/handovers/?outcome=refused",
    ),
    "/registries/": (
        _("List the registries, in pages."),
        "/registries/?verdict=rejected&ordering=-checked_at",
    ),
    "/registries/{id}/": (_("Return one registry."), "/registries/1/"),
    "/registries/{id}/checks/": (
        _("List the last checks of a registry, the newest first."),
        "/registries/1/checks/",
    ),
    "/registries/{id}/digest/": (
        _("Return the digest and platforms of a tag, as the registry returns them now."),
        "/registries/1/digest/?repository=acme/app&reference=1.1",
    ),
    "/registries/{id}/tags/": (
        _("List the tags of a repository, as the registry returns them now."),
        "/registries/1/tags/?repository=acme/app&n=10",
    ),
    "/images/digest/": (
        _("Return the digest of an image, from the registry that is used for it."),
        "/images/digest/?image=ghcr.io/acme/app:1.1&platform=linux/amd64",
    ),
    "/images/tags/": (
        _("List the tags of an image's repository, from the registry that is used for the image."),
        "/images/tags/?image=ghcr.io/acme/app&n=10",
    ),
    "/kinds/": (
        _("List the kinds of registry: their variables, their rules, how to get credentials."),
        "/kinds/",
    ),
    "/kinds/{slug}/": (_("Return one kind of registry."), "/kinds/hub/"),
    "/resolve/": (
        _("Return the registry that is used for an image, and why."),
        "/resolve/?image=ghcr.io/acme/app",
    ),
}


class ShownCall(NamedTuple):
    """A call as the page shows it; `body` and `answer` are examples as JSON, empty without."""

    anchor: str
    method: str
    path: str
    summary: str
    example: str
    body: str
    answer: str


def shown_calls(document: dict[str, Any]) -> list[ShownCall]:
    """The calls of the document, in its order."""
    return [
        _shown(path, method.upper(), operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in {"get", "post"}
    ]


def _shown(path: str, method: str, operation: dict[str, Any]) -> ShownCall:
    summary, example, *body = CALLS.get(path, (operation["summary"], path))
    content = operation["responses"]["200"]["content"]["application/json"]
    examples = [example["value"] for example in content.get("examples", {}).values()]
    answer = json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else ""
    anchor = operation["operationId"].replace("_", "-")
    return ShownCall(anchor, method, path, gettext(summary), example, "".join(body), answer)
