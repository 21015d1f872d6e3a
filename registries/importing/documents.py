"""Reads lists of JSON documents, as APIs and mongoexport write them."""

from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.reading import Unreadable, read_json
from registries.text import gettext_noop as _


@sensitive_variables()
def read_documents(text: str, key: str) -> list[dict[str, Any]]:
    """Return the objects of a list, of an API's response with a list, or of a file with one a line.

    key: at least one object must have it. Raises Unreadable.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(
        line.startswith("{") and line.rstrip().endswith("}") for line in lines
    ):
        data: Any = [read_json(line) for line in lines]
    else:
        data = read_json(text)
    if isinstance(data, dict):
        inner = data.get("data")
        data = inner if isinstance(inner, list) else [data]
    is_list = isinstance(data, list) and all(isinstance(item, dict) for item in data)
    if not is_list or not any(key in item for item in data):
        raise Unreadable(_("This is not a list of registries in JSON."))
    return list(data)
