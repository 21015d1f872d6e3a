"""Finds names that look alike because they use letters of different alphabets."""

import unicodedata

# Latin letters and the letters of other left-to-right alphabets that look like them, from the
# confusables of Unicode 17.0 (UTS #39,
# https://www.unicode.org/Public/17.0.0/security/confusables.txt). Letters that look like a bar are
# listed at I and may be an l as well.
LIKE_LATIN = {
    "A": "ΑАᎪᗅꓮ",
    "B": "ΒВᏴᗷⲂꓐ",
    "C": "СᏟⲤꓚ",
    "D": "Ꭰᗞᗪꓓ",
    "E": "ΕЕᎬⴹꓰ",
    "F": "Ϝᖴꓝ",
    "G": "ԌᏀᏳꓖ",
    "H": "ΗНᎻᕼⲎꓧ",
    "I": "ΙІӀᛁⲒⵏꓲ",
    "J": "ͿЈᎫᒍꓙ",
    "K": "ΚКᏦᛕⲔꓗ",
    "L": "ᏞᒪⳐꓡ",
    "M": "ΜϺМᎷᗰᛖⲘꓟ",
    "N": "ΝⲚꓠ",
    "O": "ΟОՕଠዐⲞⵔꓳ",
    "P": "ΡРᏢᑭⲢⳎꓑ",
    "Q": "ⵕ",
    "R": "ᎡᏒᖇꓣ",
    "S": "ЅՏᏕᏚꓢ",
    "T": "ΤТᎢⲦꓔ",
    "U": "Սሀᑌꓴ",
    "V": "ѴᏙᐯⴸꓦꛟ",
    "W": "ԜᎳᏔꓪ",
    "X": "ΧХᚷⲬⵝꓫ",
    "Y": "ΥУҮᎩᎽⲨꓬ",
    "Z": "ΖᏃꓜ",
    "a": "αа",
    "b": "ЬᏏᑲᖯ",
    "c": "сငၚⲥꮯ",
    "d": "ԁᏧᑯꓒ",
    "e": "еҽ",
    "f": "ք",
    "g": "ց",
    "h": "һհᏂ",
    "i": "ιіւᎥⲓꙇꭵ",
    "j": "ϳј",
    "l": "ӏ",
    "n": "ոռ",
    "o": "οσϭоօഠဝჿⲟ",
    "p": "ρϸрⲣⳏ",
    "q": "ԛգզ",
    "r": "гᴦⲅꮁ",
    "s": "ѕടꮪ",
    "u": "υս",
    "v": "νѵꮩ",
    "w": "шѡԝաⲽꮃ",
    "x": "хᕁᕽ",
    "y": "γуүყⲩ",
    "z": "ꮓ",
}

_LATIN = {ord(other): latin for latin, others in LIKE_LATIN.items() for other in others}
# The same table, but letters that look like a bar become l.
_LATIN_L = _LATIN | dict.fromkeys(map(ord, LIKE_LATIN["I"]), "l")


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _from_latin() -> dict[str, dict[int, str]]:
    """Return a translation table from Latin letters for each other alphabet."""
    tables: dict[str, dict[int, str]] = {}
    for latin, others in LIKE_LATIN.items():
        for other in others:
            tables.setdefault(_alphabet(other), {}).setdefault(ord(latin), other)
    return tables


_FROM_LATIN = _from_latin()


def readings(name: str) -> set[str]:
    """Return the names that look like `name`: in Latin letters, or in the alphabets it uses.

    The result is empty for most names, such as all that only use Latin letters.
    """
    composed = unicodedata.normalize("NFKC", name)
    tables = [_LATIN, _LATIN_L]
    tables += [_FROM_LATIN.get(alphabet, {}) for alphabet in set(map(_alphabet, composed))]
    return {composed.translate(table) for table in tables} - {composed}
