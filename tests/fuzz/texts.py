"""Inputs: anything at all, and what looks almost right."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

# What splits, quotes, escapes, ends a line, or is no text.
ODD = [
    "\0",
    "\r\n",
    "\ud800",
    "\u200b",
    "\x7f",
    "\\",
    '"',
    "%00",
    "%2e%2e",
    "ﬁ",
    "İ",
    "٣",
    "\u2028",
]

anything = st.text(max_size=300) | st.lists(st.sampled_from(ODD), max_size=5).map("".join)


def almost(*parts: str) -> st.SearchStrategy[str]:
    """Texts put together from these parts, with something odd in between now and then."""
    piece = st.sampled_from([*parts, *parts, *parts, *ODD]) | st.text(max_size=4)
    return st.lists(piece, max_size=14).map("".join) | anything


def repeated(parts: Sequence[str], size: int) -> st.SearchStrategy[str]:
    """Long texts of few parts over and over, as make backtracking patterns slow."""
    return st.lists(st.sampled_from(parts), min_size=1, max_size=3).map(
        lambda chosen: "".join(chosen) * (size // max(1, len("".join(chosen))))
    )


def bodies(document: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Bodies with such a document, with any other, cut short, nested too deep, or no JSON."""
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | anything,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(anything, inner, max_size=4),
        max_leaves=8,
    )
    whole = (document | values).map(lambda result: json.dumps(result).encode())
    return st.one_of(
        whole,
        whole,
        st.builds(lambda body, size: body[:size], whole, st.integers(0, 200)),
        st.binary(max_size=300),
        st.sampled_from(
            [b"[" * 200_000, b'{"a":' * 100_000, b"9" * 100_000, b"\xff\xfe{\0}\0", b"\0\0\0{"]
        ),
    )


def objects(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with these members, now and then one missing or of a wrong type."""
    absent = object()
    wrong = st.sampled_from([absent, None, 7, 1e300, "", [], {}, True])
    drawn = {name: st.one_of(member, member, member, wrong) for name, member in members.items()}
    return st.fixed_dictionaries(drawn).map(
        lambda result: {name: value for name, value in result.items() if value is not absent}
    )
