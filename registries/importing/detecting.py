"""Detects which program a file is from."""

import re

from django.views.decorators.debug import sensitive_variables

from registries.importing import FORMS
from registries.importing.entry import Entry, Found
from registries.importing.form import Form
from registries.importing.planning import read
from registries.importing.reading import Unreadable, decode
from registries.text import gettext_noop as _

UNKNOWN = _(
    "No program is known that writes this. Choose the one it is from to be told where reading it"
    " fails."
)
DECLARED = _("This file declares registries as code. Use the command apply_registries.")
# How such a file begins a line, in YAML and in TOML.
AS_CODE = [
    re.compile(rf"^{key}", re.MULTILINE)
    for key in (
        r"version\s*[:=]\s*[\"']?1",
        r"source\s*[:=]",
        r"(?:registries:|\[\[registries\]\])",
    )
]
SEVERAL = _("This may be from several programs: %(labels)s. Choose the one it is from.")


class Undecided(Unreadable):
    """The program cannot be detected; `text` says why."""


@sensitive_variables()
def detect(data: bytes) -> tuple[Form, list[Found]]:
    """Return the form of a file, and its entries. Raises Unreadable or Undecided."""
    text = decode(data)
    if all(line.search(text) for line in AS_CODE):
        raise Unreadable(DECLARED)
    readable: list[tuple[Form, list[Found]]] = []
    for form in FORMS.values():
        try:
            readable.append((form, read(form, data)))
        except Unreadable:
            continue
    # Similar forms can read each other's files without finding entries.
    filled = [pair for pair in readable if any(isinstance(one, Entry) for one in pair[1])]
    best = filled or readable
    best = [pair for pair in best if pair[0].requires in text] or best
    best = [pair for pair in best if any(mark in text for mark in pair[0].marks)] or best
    if not best:
        raise Undecided(UNKNOWN)
    if any(entries != best[0][1] for _form, entries in best):
        raise Undecided(SEVERAL, labels=tuple(form.label for form, _found in best))
    return best[0]
