"""Parses untrusted files: with limits, without running code, and without quoting them in errors.

The parsers' own errors quote the text, so they are not chained.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.text import Text
from registries.text import gettext_noop as _

# The limits: bytes of a file, levels of nesting, and entries of one import.
LONGEST, DEEPEST, MOST = 2**20, 40, 1000
MOST_DOTS = 100  # in a line of TOML
_LINE = re.compile(r"at line ([0-9]+)")


class Unreadable(Exception):
    """The file cannot be read; `text` says what to do and never quotes the file."""

    def __init__(self, template: str, **params: str | tuple[str, ...]) -> None:
        self.text = Text(template, params)
        super().__init__(str(self.text))


@sensitive_variables()
def decode(data: bytes, longest: int = LONGEST) -> str:
    """Return the text of a file of at most so many bytes. Raises Unreadable."""
    if len(data) > longest:
        most = str(longest // 2**20)
        raise Unreadable(_("This is longer than %(most)s MiB. Split it into parts."), most=most)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(_("This is UTF-16, as PowerShell writes it. Save it as UTF-8."))
    text = _silently(lambda: data.decode("utf-8-sig"), UnicodeDecodeError)
    if not isinstance(text, str) or "\0" in text:
        raise Unreadable(_("This is not a text file in UTF-8."))
    if not text.strip():
        raise Unreadable(_("This is empty."))
    return text


def _silently(parse: Callable[[], Any], *errors: type[Exception]) -> Any:
    """Return the result of `parse`, or its exception. Raised here, it would quote the file."""
    caught: tuple[type[Exception], ...] = (RecursionError, *errors)
    try:
        return parse()
    except caught as error:
        return error


@sensitive_variables()
def read_json(text: str) -> Any:
    """Return a JSON document. Raises Unreadable, also for duplicate keys."""
    result = _silently(
        lambda: json.loads(text, object_pairs_hook=_once, parse_constant=_refuse), ValueError
    )
    if isinstance(result, json.JSONDecodeError):
        line = str(result.lineno)
        raise Unreadable(_("This is not JSON: look at line %(line)s."), line=line)
    if isinstance(result, _Twice):
        raise Unreadable(_("A name stands twice in one object. Remove one of them."))
    if isinstance(result, Exception) or _is_deep(result):
        raise Unreadable(_("This is not JSON that can be read here."))
    return result


class _Twice(ValueError):
    pass


@sensitive_variables()
def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise _Twice
    return result


def _refuse(_constant: str) -> None:
    raise ValueError


def _is_deep(value: Any) -> bool:
    level = [value]
    for _number in range(DEEPEST):
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


@sensitive_variables()
def read_toml(text: str) -> dict[str, Any]:
    """Return a TOML document. Raises Unreadable."""
    # The parser's time grows with the square of the number of parts of a dotted key.
    if any(line.count(".") > MOST_DOTS for line in text.splitlines()):
        raise Unreadable(_("This is nested too deeply."))
    result = _silently(lambda: tomllib.loads(text), ValueError)
    if isinstance(result, Exception):
        if line := _LINE.search(str(result)):
            raise Unreadable(_("This is not TOML: look at line %(line)s."), line=line[1])
        raise Unreadable(_("This is not TOML."))
    if not isinstance(result, dict) or _is_deep(result):
        raise Unreadable(_("This is nested too deeply."))
    return result


@sensitive_variables()
def read_yaml(text: str) -> list[Any]:
    """Return the documents of a YAML file: mappings, lists, strings and None. Raises Unreadable.

    All scalars but null are strings, so that a password of digits keeps its leading zeros. Aliases,
    tags and duplicate keys are refused.
    """
    import yaml  # noqa: PLC0415 - slow to load, and few sites need it

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    result = _silently(
        lambda: list(_documents(iter(yaml.parse(text, Loader=loader)))), yaml.YAMLError, ValueError
    )
    if isinstance(result, yaml.MarkedYAMLError) and result.problem_mark:
        line = str(result.problem_mark.line + 1)
        raise Unreadable(_("This is not YAML: look at line %(line)s."), line=line)
    if isinstance(result, Exception):
        raise Unreadable(_("This is not YAML that can be read here."))
    return list(result)


def _documents(events: Iterator[Any]) -> Iterator[Any]:
    from yaml import events as kinds  # noqa: PLC0415 - see above

    for event in events:
        if isinstance(event, kinds.DocumentStartEvent):
            yield _node(next(events), events, kinds, DEEPEST)


@sensitive_variables()
def _node(event: Any, events: Iterator[Any], kinds: Any, depth: int) -> Any:
    line = str(event.start_mark.line + 1)
    if isinstance(event, kinds.AliasEvent) or event.anchor:
        raise Unreadable(
            _(
                "Line %(line)s has an anchor or alias (& or *), which is not read here. For compose"
                " files, “docker compose config” writes them out."
            ),
            line=line,
        )
    if event.tag not in {None, "!"}:
        raise Unreadable(_("Line %(line)s has a YAML tag, which is not read here."), line=line)
    if not depth:
        raise Unreadable(_("This is nested too deeply."))
    if isinstance(event, kinds.ScalarEvent):
        is_null = event.style in {None, ""} and event.value in {"", "~", "null", "Null", "NULL"}
        return None if is_null else event.value
    if isinstance(event, kinds.SequenceStartEvent):
        return list(_items(events, kinds, kinds.SequenceEndEvent, depth))
    result: dict[Any, Any] = {}
    pairs = _items(events, kinds, kinds.MappingEndEvent, depth)
    for key in pairs:
        if isinstance(key, dict | list):
            raise Unreadable(_("Line %(line)s has a key that is not a text."), line=line)
        if key in result:
            raise Unreadable(_("In the part from line %(line)s a key stands twice."), line=line)
        result[key] = next(pairs)
    return result


def _items(events: Iterator[Any], kinds: Any, end: type, depth: int) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield _node(event, events, kinds, depth - 1)


# JSON5's strings, comments and unquoted names, and everything else. A string or comment that is not
# closed extends to the end, so that no character is read twice.
_JSON5 = re.compile(
    r"""(?P<double>"(?:\\.|[^"\\])*+(?:"|\\?\Z))|(?P<single>'(?:\\.|[^'\\])*+(?:'|\\?\Z))"""
    r"""|(?P<comment>//[^\n]*+|/\*.*?(?:\*/|\Z))|(?P<name>[A-Za-z_$][\w$]*+)"""
    r"""|(?P<other>[^"'/A-Za-z_$]++|.)""",
    re.DOTALL,
)
_BEFORE_END = re.compile(r",(\s*[}\]])")


@sensitive_variables()
def read_json5(text: str) -> Any:
    """Return a JSON document with the most common extensions of JSON5. Raises Unreadable.

    These are comments, unquoted names, single quotes and trailing commas.
    """
    parts: list[str] = []
    texts: list[str] = []

    def keep(text: str) -> str:
        texts.append(text)
        return "\x1a"  # the text itself has none

    if "\x1a" in text:
        raise Unreadable(_("This is not JSON that can be read here."))
    for match in _JSON5.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "double":
            token = keep(token)
        elif kind == "single":
            token = keep('"' + re.sub(r"\\'|\"", _requoted, token[1:].removesuffix("'")) + '"')
        elif kind == "comment":
            token = "\n" * token.count("\n")
        elif kind == "name" and token not in {"true", "false", "null"}:
            token = keep(f'"{token}"')
        parts.append(token)
    bare = _BEFORE_END.sub(r"\1", "".join(parts))
    strings = iter(texts)
    return read_json(re.sub("\x1a", lambda _mark: next(strings), bare))


def _requoted(match: re.Match[str]) -> str:
    return "'" if match[0] == "\\'" else '\\"'
