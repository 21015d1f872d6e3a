"""Form: a file format that registries can be imported from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from registries.importing.entry import Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A file format of other programs.

    label: the programs that write it. read: returns the entries of a text; raises Unreadable.
    marks: what only these programs write: a file that has one of them is in this form.
    requires: what a file in this form has; without it, somebody has to choose the form.
    """

    slug: str
    label: str
    read: Callable[[str], Iterable[Found]] = field(repr=False)
    marks: tuple[str, ...] = ()
    requires: str = ""
