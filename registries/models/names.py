"""A row's name, compared as people read it."""

import re
import unicodedata
from typing import Any

from django.db import models

MAX_NAME = 100
# Keys may be longer than names: some characters fold to several.
MAX_KEY = 255
# Of the collations that compare by characters alone, the one that MariaDB and MySQL both have.
EXACT = "utf8mb4_bin"
# Control, format (zero-width and direction marks), surrogate, line and paragraph separators.
FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# What else nobody sees, as a character class: what Unicode 17.0 has fonts ignore (the property
# Default_Ignorable_Code_Point of DerivedCoreProperties.txt), and signs that are blank: of Braille,
# of musical and of Egyptian writing.
UNSEEN = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U00013441\U00013442\U0001d159\U000e0000-\U000e0fff"
)
# The same as a character class of JSON Schema's patterns, without surrogates: no JSON holds them.
VISIBLE_PATTERN = (
    "^[^\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    f"{UNSEEN}]*$"
)
_UNSEEN = re.compile(f"[{UNSEEN}]")
# Behind a symbol they ask for its picture or its plain form: telephones type them with emoji.
_EMOJI_STYLE = re.compile("(?<=[\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]")


class KeyField(models.CharField):  # type: ignore[type-arg]  # takes none at run time
    """A column of keys, which differ wherever one character does.

    MariaDB's and MySQL's usual collations take é for e, and each emoji for every other.
    """

    def db_parameters(self, connection: Any) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            parameters["collation"] = EXACT
        return parameters


def has_invisible(name: str) -> bool:
    """Whether the name holds characters that nobody sees."""
    return bool(_UNSEEN.search(name)) or any(
        unicodedata.category(character) in FORBIDDEN for character in name
    )


def tidy(name: str) -> str:
    """The name without white space around it, with single spaces inside and plain emoji."""
    return " ".join(_EMOJI_STYLE.sub("", name).split())


def key(name: str) -> str:
    """What two names that read alike share: NFKC, case folded, tidied."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return tidy(unicodedata.normalize("NFKC", folded))
