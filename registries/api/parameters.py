"""Query parameters: declared by a view, read in one place, never echoed, never ignored."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from django.utils.translation import gettext

from registries import names
from registries.api.errors import InvalidParameters
from registries.reference import IMAGE_PATTERN, InvalidReference, Reference
from registries.text import Text
from registries.text import gettext_noop as _

# More than any address takes; what is beyond is not even looked at.
MAX_PARAMETERS = 50
# Digits of a number that is still read: what is longer is beyond every page there is.
MAX_DIGITS = 18


class InvalidValue(ValueError):
    """A value that a parameter does not take; `str()` says what it takes, not what was given."""


class Reader(Protocol):
    """Turns a parameter's text into its value, or raises InvalidValue or InvalidReference."""

    def __call__(self, text: str, /) -> Any: ...

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what it takes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few texts."""

    values: tuple[str, ...]

    def __call__(self, text: str) -> str:
        if text not in self.values:
            said = Text(_("Choose one of: %(values)s."), {"values": ", ".join(self.values)})
            raise InvalidValue(said.render(gettext))
        return text

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.values)}


class Flag:
    """`true` or `false`."""

    schema = {"type": "boolean"}

    def __call__(self, text: str) -> bool:
        return Choice(("true", "false"))(text) == "true"


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from 1, up to `most` where there is a limit."""

    most: int | None = None

    def __call__(self, text: str) -> int:
        number = int(text) if _is_number(text) else 0
        if not 0 < number <= (self.most or number):
            raise InvalidValue(self._sentence())
        return number

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": self.most or 10**MAX_DIGITS - 1}

    def _sentence(self) -> str:
        if self.most is None:
            return gettext(_("Enter a whole number from 1."))
        said = Text(_("Enter a whole number from 1 to %(most)s."), {"most": str(self.most)})
        return said.render(gettext)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


@dataclass(frozen=True, slots=True)
class Words:
    """Any text of a bounded length, without invisible characters."""

    longest: int

    def __call__(self, text: str) -> str:
        if len(text) > self.longest or names.has_invisible(text):
            said = Text(
                _("Enter at most %(longest)s visible characters."), {"longest": str(self.longest)}
            )
            raise InvalidValue(said.render(gettext))
        return text

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest, "pattern": names.VISIBLE_PATTERN}


@dataclass(frozen=True, slots=True)
class Grammar:
    """A text that a parser of `registries.reference` takes, such as one of the examples."""

    parse: Callable[[str], Any]
    pattern: str
    examples: tuple[str, ...]
    longest: int | None = None

    def __call__(self, text: str) -> str:
        self.parse(text)
        return text

    @property
    def schema(self) -> dict[str, Any]:
        limit = {"maxLength": self.longest} if self.longest else {}
        examples = list(self.examples)
        return {"type": "string", **limit, "pattern": self.pattern, "examples": examples}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter that an address takes, and what it is where it is not given."""

    name: str
    help: str
    read: Reader
    default: Any = None
    required: bool = False


IMAGE = Parameter(
    name="image",
    help="An image's name, as in docker pull; https://, oci:// or docker:// may stand in front.",
    read=Grammar(Reference.from_pasted, IMAGE_PATTERN, ("nginx", "ghcr.io/acme/app:1.0")),
    required=True,
)


def read(query: str, parameters: Iterable[Parameter]) -> dict[str, Any]:
    """The values of all parameters, by name, from a raw query string.

    Raises InvalidParameters for a parameter that is unknown, given twice, missing or wrong.
    """
    declared = {parameter.name: parameter for parameter in parameters}
    given = _pairs(query)
    if not given.keys() <= declared.keys():
        raise InvalidParameters("unknown_parameter", _known(declared))
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, parameter in declared.items():
        try:
            values[name] = _value(parameter, given.get(name, []))
        except InvalidReference as error:
            wrong[name] = gettext(str(error))
        except InvalidValue as error:
            wrong[name] = str(error)
    if wrong:
        detail = gettext(_("A parameter is missing or wrong: see the fields."))
        raise InvalidParameters("invalid_parameter", detail, wrong)
    return values


def _pairs(query: str) -> dict[str, list[str]]:
    """The query's values by name. Always read as UTF-8, whatever charset the request claims."""
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            query.encode("ascii").decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        detail = gettext(_("Write the query as UTF-8, percent-encoded."))
        raise InvalidParameters("invalid_query", detail) from None
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _value(parameter: Parameter, given: list[str]) -> Any:
    if len(given) > 1:
        raise InvalidValue(gettext(_("Give this once.")))
    if given:
        return parameter.read(given[0])
    if parameter.required:
        raise InvalidValue(gettext(_("This is required.")))
    return parameter.default


def _known(declared: Mapping[str, Parameter]) -> str:
    if not declared:
        return gettext(_("This address takes no parameters."))
    said = Text(_("This address takes only: %(names)s."), {"names": ", ".join(declared)})
    return said.render(gettext)
