"""Parser for the header WWW-Authenticate (RFC 9110, section 11.6.1)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Longer than any registry's header. The rest of a longer one is not read.
MAX_LENGTH = 8192

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SEPARATORS = re.compile(r"[ \t,]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
# By the grammar, an unquoted value is a token, but some servers send a whole URL without quotes.
_BARE = re.compile(r'[^ \t,"]+')
_TOKEN68 = re.compile(r"[ \t]+[0-9A-Za-z._~+/-]+=*[ \t]*(?=,|$)")
_REST = re.compile(r"[^,]*")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """A scheme and its parameters, both with names in lower case."""

    scheme: str
    params: Mapping[str, str] = field(default_factory=dict)


def parse(header: str) -> list[Challenge]:
    """Return the challenges of one header line, in order; what cannot be parsed is skipped.

    A line may have several challenges, as those of Forgejo and Gitea do. A name before `=` is a
    parameter of the current challenge, any other name starts a new one.
    """
    text = header[:MAX_LENGTH]
    challenges: list[tuple[str, dict[str, str]]] = []
    position = _skip(_SEPARATORS, text, 0)
    while position < len(text):
        if not (name := _TOKEN.match(text, position)):
            position = _skip(_REST, text, position)
        elif equals := _EQUALS.match(text, name.end()):
            value, position = _value(text, equals.end())
            if challenges and value is not None:
                # A name may occur only once; of two, the first counts.
                challenges[-1][1].setdefault(name[0].lower(), value)
        else:
            challenges.append((name[0].lower(), {}))
            token68 = _TOKEN68.match(text, name.end())
            position = token68.end() if token68 else name.end()
        position = _skip(_SEPARATORS, text, position)
    return [Challenge(scheme, params) for scheme, params in challenges]


def parse_all(headers: Iterable[str]) -> list[Challenge]:
    """Return the challenges of all WWW-Authenticate lines of a response."""
    return [challenge for header in headers for challenge in parse(header)]


def _value(text: str, position: int) -> tuple[str | None, int]:
    """Return the value at `position`, or None if there is none, and its end."""
    if quoted := _QUOTED.match(text, position):
        return _ESCAPE.sub(r"\1", quoted[1]), quoted.end()
    if bare := _BARE.match(text, position):
        return bare[0], bare.end()
    # After a quote that is never closed, nothing can be parsed.
    return None, len(text) if text.startswith('"', position) else position


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
