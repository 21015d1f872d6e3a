"""Lists of JSON documents, as APIs and mongoexport write them."""

from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.reading import Unreadable, read_json
from registries.text import gettext_noop as _


@sensitive_variables()
def read_documents(text: str, key: str) -> list[dict[str, Any]]:
    """The objects of a list, of an API's answer around one, or of one a line. Raises Unreadable.

    key: what at least one of them has.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(
        line.startswith("{") and line.rstrip().endswith("}") for line in lines
    ):
        found: Any = [read_json(line) for line in lines]
    else:
        found = read_json(text)
    if isinstance(found, dict):
        inner = found.get("data")
        found = inner if isinstance(inner, list) else [found]
    is_list = isinstance(found, list) and all(isinstance(each, dict) for each in found)
    if not is_list or not any(key in each for each in found):
        raise Unreadable(_("This is not a list of registries in JSON."))
    return list(found)
