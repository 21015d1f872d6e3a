"""Entry and Refused: what a file contains, before it is compared with the stored rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from registries.text import Text

# Names from a file are cut to this length.
MAX_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One registry of a file, with the values of a row.

    name: the row's, unless another row has it. kind: a slug.
    values: of the kind's variables, as they are in the file.
    prefix, ca_certificate, verify_tls: the row's columns.
    missing: why the file does not contain the secret; None if it does, or if none is needed.
    question: what somebody has to decide first; None if there is none.
    lost: what the file contains but a row cannot.
    """

    name: str
    kind: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    prefix: str = ""
    ca_certificate: str = field(default="", repr=False)
    verify_tls: bool = True
    missing: Text | None = None
    question: Text | None = None
    lost: tuple[Text, ...] = ()

    def __reduce__(self) -> str:
        raise TypeError("An entry has a secret in plain text, so it cannot be pickled.")


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry of a file that cannot become a row, with the reason."""

    name: str
    reason: Text


Found = Entry | Refused


def safe_name(text: object, otherwise: str = "") -> str:
    """Return a name from a file, shortened and without unprintable characters.

    A text that may contain a login, such as `user:password@host`, is replaced by `otherwise`.
    """
    if not isinstance(text, str) or "@" in text:
        return otherwise
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_NAME] or (
        otherwise
    )
