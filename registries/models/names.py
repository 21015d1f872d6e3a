"""Normalises the names of rows, so that names that read alike are equal."""

import re
import unicodedata
from typing import Any

from django.db import models

MAX_NAME = 100
# Keys may be longer than names: some characters fold to several.
MAX_KEY = 255
# A collation that distinguishes all characters and exists in MariaDB and in MySQL.
EXACT = "utf8mb4_bin"
# Control, format (zero-width and direction marks), surrogate, line and paragraph separators.
FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Other invisible characters, as a regex character class: Default_Ignorable_Code_Point of Unicode
# 17.0 (DerivedCoreProperties.txt), and the blank signs of Braille, musical and Egyptian writing.
UNSEEN = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U00013441\U00013442\U0001d159\U000e0000-\U000e0fff"
)
# A pattern for JSON Schema that excludes all of these but surrogates, which JSON cannot contain.
VISIBLE_PATTERN = (
    "^[^\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    f"{UNSEEN}]*$"
)
_UNSEEN = re.compile(f"[{UNSEEN}]")
# Variation selectors, which choose between emoji and text style. Phones insert them after emoji.
_EMOJI_STYLE = re.compile("(?<=[\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]")


class KeyField(models.CharField):  # type: ignore[type-arg]  # takes none at run time
    """A column that compares all characters exactly.

    With the usual collations of MariaDB and MySQL, é equals e, and all emoji are equal.
    """

    def db_parameters(self, connection: Any) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            parameters["collation"] = EXACT
        return parameters


def has_invisible(name: str) -> bool:
    """Return whether the name contains invisible characters."""
    return bool(_UNSEEN.search(name)) or any(
        unicodedata.category(character) in FORBIDDEN for character in name
    )


def tidy(name: str) -> str:
    """Return the name without surrounding or double spaces and without variation selectors."""
    return " ".join(_EMOJI_STYLE.sub("", name).split())


def key(name: str) -> str:
    """Return a key that is equal for names that read alike: NFKC, case-folded, tidied."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return tidy(unicodedata.normalize("NFKC", folded))
