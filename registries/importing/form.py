"""What a form of import is: a value, as a kind is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from registries.importing.entry import Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form in which other programs keep their registries.

    label: which programs write it. read: its entries, from the text of a file; raises Unreadable.
    """

    slug: str
    label: str
    read: Callable[[str], Iterable[Found]] = field(repr=False)
