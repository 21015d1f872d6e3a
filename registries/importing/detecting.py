"""Finds out which program a file is from."""

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
SEVERAL = _("This may be from several programs: %(labels)s. Choose the one it is from.")


class Undecided(Unreadable):
    """The program has to be chosen; `text` says why."""


@sensitive_variables()
def detect(data: bytes) -> tuple[Form, list[Found]]:
    """The form that reads a file, and its entries. Raises Unreadable, and Undecided."""
    decode(data)
    readable: list[tuple[Form, list[Found]]] = []
    for form in FORMS.values():
        try:
            readable.append((form, read(form, data)))
        except Unreadable:
            continue
    # Forms that look alike may read each other's files, and find nothing in them.
    filled = [each for each in readable if any(isinstance(one, Entry) for one in each[1])]
    best = filled or readable
    if not best:
        raise Undecided(UNKNOWN)
    if any(found != best[0][1] for _form, found in best):
        raise Undecided(SEVERAL, labels=tuple(form.label for form, _found in best))
    return best[0]
