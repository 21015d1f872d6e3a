"""A row's name, compared as people read it."""

import unicodedata

# Keys may be longer than names: some characters fold to several.
MAX_KEY = 255
# Control, format (zero-width and direction marks), surrogate, line and paragraph separators.
FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def has_invisible(name: str) -> bool:
    """Whether the name holds characters that nobody sees."""
    return any(unicodedata.category(character) in FORBIDDEN for character in name)


def tidy(name: str) -> str:
    """The name without white space around it and with single spaces inside."""
    return " ".join(name.split())


def key(name: str) -> str:
    """What two names that read alike share: NFKC, case folded, tidied."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return tidy(unicodedata.normalize("NFKC", folded))
