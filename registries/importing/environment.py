"""Variables of an environment, from `.env` files, compose files and manifests of Kubernetes."""

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from django.views.decorators.debug import sensitive_variables

from registries.importing.entry import Found, Refused
from registries.importing.logins import encrypted
from registries.importing.providers import Provider, from_provider
from registries.importing.reading import Unreadable, read_yaml
from registries.text import Text
from registries.text import gettext_noop as _

_START = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<quote>[\"']?)")
_END = {"'": re.compile(r"[^']*+'"), '"': re.compile(r"(?:\\.|[^\"\\])*+\"", re.DOTALL)}
_ESCAPED = re.compile(r"\\([\"\\$])")
# `${NAME}` and `$NAME`, which the shell or compose would replace.
_REFERENCE = re.compile(r"\$(?:\{|[A-Za-z_])")
# Compose files and manifests, and parts of them that somebody pasted.
_YAML = (
    r"^[ \t]*+(?:-[ \t]*+)?[\"']?(?:services|environment|env|x-[\w.-]+)[\"']?[ \t]*:"
    r"|^[ \t]*+(?:-[ \t]++[\"']?(?:%(starts)s)|[\"']?(?:%(starts)s)\w*+[\"']?[ \t]*+:[ \t\r\n])"
)
_COMMAND = re.compile(
    r"\A\s*(?:sudo\s+)?(?:docker|podman|nerdctl)\s+(?:container\s+)?(?:run|create)\b"
    r"|^[ \t]*(?:-e|--env)\b",
    re.MULTILINE,
)

ELSEWHERE = _("The secret is in a file that the program reads: enter it by hand.")
REFERENCE = _(
    "The value refers to another variable. Put the value itself into the file, or in single quotes"
    " if the dollar sign belongs to it."
)
TWICE = _("The file sets this twice, with different values.")
UNDERSCORE = _("A name with _ is not read by the program itself: rename it without.")
UNKNOWN = _("This provider is not known here.")


class Variable(NamedTuple):
    """A value, and whether it is one that still has to be replaced."""

    value: str
    is_reference: bool


@sensitive_variables()
def variables(text: str, *starts: str) -> dict[str, Variable | None]:
    """The variables whose names start so; None for those that are set twice and differ.

    Names are in upper case. Raises Unreadable.
    """
    pattern = _YAML % {"starts": "|".join(starts)}
    if re.search(pattern, text, re.MULTILINE | re.IGNORECASE):
        pairs = _of_yaml(read_yaml(text))
    else:
        pairs = _of_command(text) if _COMMAND.search(text) else _of_lines(text)
    result: dict[str, Variable | None] = {}
    for name, variable in pairs:
        key = name.upper()
        if key.startswith(starts):
            result[key] = variable if result.get(key, variable) == variable else None
    if not result:
        template = _("There is no variable in this that starts with %(start)s.")
        raise Unreadable(template, start=starts[0])
    return result


def _of_lines(text: str) -> Iterator[tuple[str, Variable]]:
    position, line = 0, 1
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        match = _START.match(text, position, end)
        if match and match["quote"]:
            closed = _END[match["quote"]].match(text, match.end())
            if closed is None:
                raise Unreadable(_("The quote in line %(line)s is not closed."), line=str(line))
            yield match["name"], _quoted(closed[0][:-1], match["quote"])
            end = text.find("\n", closed.end())
            end = len(text) if end < 0 else end
        elif match:
            value = re.split(r"[ \t]#", text[match.end() : end], maxsplit=1)[0].strip()
            yield match["name"], Variable(value, _refers(value))
        line += text.count("\n", position, end + 1)
        position = end + 1


@sensitive_variables()
def _quoted(value: str, quote: str) -> Variable:
    if quote == "'":
        return Variable(value, False)
    return Variable(_ESCAPED.sub(r"\1", value), _refers(_ESCAPED.sub("", value)))


def _refers(value: str) -> bool:
    return not encrypted(value) and _REFERENCE.search(value) is not None


@sensitive_variables()
def _of_command(text: str) -> Iterator[tuple[str, Variable]]:
    """What `-e` and `--env` of a command such as `docker run` set. Raises Unreadable."""
    words: list[str] | None = None
    with suppress(ValueError):  # a quote that is not closed; where is not told
        words = shlex.split(text.replace("\\\r\n", " ").replace("\\\n", " "), comments=True)
    if words is None:
        raise Unreadable(_("A quote in this command is not closed."))
    previous = ""
    for word in words:
        pair = word.removeprefix("--env=") if previous not in {"-e", "--env"} else word
        name, equals, value = pair.partition("=")
        if equals and (pair is not word or previous in {"-e", "--env"}):
            yield name, Variable(value, _refers(value))
        previous = word


def _of_yaml(documents: list[Any]) -> Iterator[tuple[str, Variable]]:
    """Mappings, lists of NAME=value, and lists of name and value, wherever they stand."""
    waiting = documents[::-1]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting += item[::-1]
        elif isinstance(item, str):
            name, equals, rest = item.partition("=")
            if equals:
                yield name.strip(), _composed(rest)
        elif isinstance(item, dict):
            if isinstance(item.get("name"), str) and ("value" in item or "valueFrom" in item):
                value = item.get("value")
                is_text = isinstance(value, str)
                yield item["name"], Variable(str(value) if is_text else "", not is_text)
                continue
            for name, value in item.items():
                if isinstance(name, str) and not isinstance(value, dict | list):
                    yield name, _composed(value or "")
            waiting += [value for value in item.values() if isinstance(value, dict | list)][::-1]


@sensitive_variables()
def _composed(value: str) -> Variable:
    """A value of a compose file, where $$ is a dollar sign."""
    return Variable(value.replace("$$", "$"), _refers(value.replace("$$", "")))


def read_environment(text: str, start: str, providers: Mapping[str, Provider]) -> Iterator[Found]:
    """The registries that variables such as WUD_REGISTRY_HUB_MINE_LOGIN set. Raises Unreadable."""
    grouped: dict[tuple[str, str], dict[str, Variable | None]] = {}
    for name, variable in variables(text, start).items():
        provider, _mark, rest = name.removeprefix(start).partition("_")
        instance, _mark, key = rest.partition("_")
        grouped.setdefault((provider, instance), {})[key] = variable
    for (provider, instance), keys in grouped.items():
        yield _registry(provider.lower(), instance.lower(), keys, providers)


@sensitive_variables()
def _registry(
    slug: str,
    instance: str,
    keys: Mapping[str, Variable | None],
    providers: Mapping[str, Provider],
) -> Found:
    name = f"{slug} {instance}".strip()
    provider = providers.get(slug)
    if provider is None:
        return Refused(name, Text(UNKNOWN))
    values: dict[str, str] = {}
    missing: dict[str, Text] = {}
    for key, variable in keys.items():
        plain = key.removesuffix("__FILE").lower()
        if variable is None:
            return Refused(name, Text(TWICE))
        if plain and plain not in provider.value_names():
            if any(plain.endswith(f"_{known}") for known in provider.value_names()):
                return Refused(name, Text(UNDERSCORE))
            continue
        if key.endswith("__FILE"):
            missing[plain] = Text(ELSEWHERE)
        elif variable.is_reference:
            missing[plain] = Text(REFERENCE)
        else:
            values[plain] = variable.value
    return from_provider(provider, name, values, missing)
