"""What a file says of one registry, before anybody decided what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registries.text import Text

# The longest name that is shown of what a file calls something.
LONGEST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One registry of a file, as a row of ours would have it.

    name: for a row, unless another has it. kind: a slug. values: of the kind's variables, as they
    stand in the file. prefix, ca_certificate, verify_tls: the row's columns.
    missing: why the secret is not in the file; None where nothing is missing.
    ask: why somebody has to decide first; None where nothing is open.
    lost: what the file says and a row cannot hold.
    """

    name: str
    kind: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    prefix: str = ""
    ca_certificate: str = field(default="", repr=False)
    verify_tls: bool = True
    missing: Text | None = None
    ask: Text | None = None
    lost: tuple[Text, ...] = ()

    def __reduce__(self) -> str:
        raise TypeError("An entry is not pickled: it holds a secret in clear.")


@dataclass(frozen=True, slots=True)
class Refused:
    """What is in a file and cannot become a row, with the reason."""

    name: str
    reason: Text


Found = Entry | Refused


def shown(text: object, otherwise: str = "") -> str:
    """What a file calls something, short and in printable characters.

    What may hold a login, as `user:password@host` does, is not shown: `otherwise` is.
    """
    if not isinstance(text, str) or "@" in text:
        return otherwise
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST] or (
        otherwise
    )
