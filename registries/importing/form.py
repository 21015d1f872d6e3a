"""Form: a file format that registries can be imported from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from registries.importing.entry import Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A file format of other programs.

    label: the programs that write it. read: returns the entries of a text; raises Unreadable.
    """

    slug: str
    label: str
    read: Callable[[str], Iterable[Found]] = field(repr=False)
