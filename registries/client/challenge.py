"""WWW-Authenticate: the ways to sign in that a registry names (RFC 9110, section 11.6.1)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# More than any registry sends; the rest of a longer header is not read.
MAX_LENGTH = 8192

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SEPARATORS = re.compile(r"[ \t,]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
# A bare value is a token by the grammar; some servers leave a whole address unquoted.
_BARE = re.compile(r'[^ \t,"]+')
_TOKEN68 = re.compile(r"[ \t]+[0-9A-Za-z._~+/-]+=*[ \t]*(?=,|$)")
_REST = re.compile(r"[^,]*")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to sign in: its scheme and its parameters, names in lower case."""

    scheme: str
    params: Mapping[str, str] = field(default_factory=dict)


def parse(header: str) -> list[Challenge]:
    """The challenges of one header line, in its order; what is not one is passed over.

    Several challenges may stand in one line, as Forgejo and Gitea send them: a name followed by
    `=` belongs to the challenge before it, any other name starts the next.
    """
    text = header[:MAX_LENGTH]
    found: list[tuple[str, dict[str, str]]] = []
    at = _after(_SEPARATORS, text, 0)
    while at < len(text):
        if not (name := _TOKEN.match(text, at)):
            at = _after(_REST, text, at)
        elif equals := _EQUALS.match(text, name.end()):
            value, at = _value(text, equals.end())
            if found and value is not None:
                # A name stands once; of two the first counts.
                found[-1][1].setdefault(name[0].lower(), value)
        else:
            found.append((name[0].lower(), {}))
            token68 = _TOKEN68.match(text, name.end())
            at = token68.end() if token68 else name.end()
        at = _after(_SEPARATORS, text, at)
    return [Challenge(scheme, params) for scheme, params in found]


def parse_all(headers: Iterable[str]) -> list[Challenge]:
    """The challenges of all WWW-Authenticate lines of an answer."""
    return [challenge for header in headers for challenge in parse(header)]


def _value(text: str, at: int) -> tuple[str | None, int]:
    """The value that starts at `at`, None where there is none, and where it ends."""
    if quoted := _QUOTED.match(text, at):
        return _ESCAPE.sub(r"\1", quoted[1]), quoted.end()
    if bare := _BARE.match(text, at):
        return bare[0], bare.end()
    # An opening quote without its end: nothing after it can be trusted.
    return None, len(text) if text.startswith('"', at) else at


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
