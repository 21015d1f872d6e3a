"""What a kind of registry is: its variables, its rules, its hosts, how it signs in.

A kind is a value. It declares what is stored and what is legal, and turns stored values into a
neutral credential and endpoint. Forms, model, API, JSON Schema and documentation follow from it.
No Django here.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from registries.credentials import Credential
from registries.endpoint import Endpoint
from registries.kinds.address import Address, parse_address
from registries.kinds.hosts import host_pattern
from registries.kinds.problem import Invalid, Problem
from registries.kinds.rules import Rule
from registries.text import Text, trimmed
from registries.text import gettext_noop as _

# The variables of a row that are set, by name. A secret that is stored and not revealed stands
# in rules as a non-empty placeholder: rules ask whether a variable is set, never what it holds.
Values = Mapping[str, str]

# What a row without an address of its own must hold to answer for a host: variable or
# `is_default` to value, None for "not set".
Lookup = Mapping[str, str | bool | None]

_LINE_BREAK = re.compile(r"(?:\r\n|\r|\n)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One stored value of a kind.

    clean: returns the value as it is stored, or raises Invalid.
    address: part of where the secrets go; changing it asks for the secrets again.
    multiline: line breaks belong to the value (PEM keys).
    keeps_spaces: white space around the value belongs to it (passwords); a line break at its end
        does not, which `cat` and text editors add.
    spread: may fill several variables from what was pasted (a whole Google key file); returns
        the variables it fills, or nothing.
    notice: what to tell whoever saved such a value, if anything: it is legal and hardly works.
    initial: what the form starts from.
    """

    name: str
    label: str
    help: str = ""
    required: bool = False
    secret: bool = False
    address: bool = False
    multiline: bool = False
    keeps_spaces: bool = False
    deprecated: bool = False
    max_length: int = 255
    clean: Callable[[str], str]
    spread: Callable[[str], dict[str, str]] | None = None
    pattern: str | None = None
    choices: Callable[[], tuple[tuple[str, str], ...]] | None = None
    notice: Callable[[str], str | None] | None = None
    initial: str = ""
    placeholder: str = ""

    def trimmed(self, text: str) -> str:
        """What was given without what does not belong to it; empty for white space alone."""
        without = trimmed(text)
        return _LINE_BREAK.sub("", text) if without and self.keeps_spaces else without

    def spread_over(self, text: str) -> dict[str, str]:
        """The values that a pasted text holds for several variables; mostly none."""
        return self.spread(text) if self.spread else {}

    def take(self, text: str) -> dict[str, str]:
        """The value as it is stored. Raises Invalid."""
        # Before the cleaning, which is not meant for megabytes, and after it, which may add.
        self._check_length(text)
        value = self.clean(text)
        self._check_length(value)
        return {self.name: value}

    def _check_length(self, text: str) -> None:
        if len(text) > self.max_length:
            limit = str(self.max_length)
            raise Invalid("too_long", _("Shorten this to %(max)s characters."), max=limit)


class Link(NamedTuple):
    """A page of the platform that helps to create the credentials."""

    label: str
    url: str


class HowTo(NamedTuple):
    """How to create the credentials on the platform, step by step."""

    title: str
    steps: tuple[str, ...]
    notes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """One way to sign in: the variables it takes; none means anonymous.

    A variable that stands in no method belongs to all of them.
    default_only: only the kind's default row may use it.
    """

    slug: str
    label: str
    variables: tuple[str, ...]
    help: str = ""
    deprecated: bool = False
    default_only: bool = False


def any_row(host: str, labels: Mapping[str, str]) -> Lookup | None:
    """For kinds of which any row answers for any of their hosts."""
    return {}


def no_home(values: Values) -> str | None:
    """For kinds without a registry that is the same for everybody."""
    return None


def home_at(host: str) -> Callable[[Values], str | None]:
    """For kinds with one registry that is the same for everybody."""
    return lambda _values: host


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """A kind of registry.

    summary: what it asks for, in one line, for choosing among the kinds.
    hosts: templates of the image hosts that the kind's rows answer for; empty where the row's
        `url` alone decides.
    row: what a row without an address or prefix must hold to answer for a host of the kind, from
        the lower-cased host and the template's labels in it; empty when any row will do.
    home: the host that `list_tags` asks where neither `url` nor `prefix` names one, or None.
    credential: what signs in at a host (None: not known yet), from a row's values, the host and
        the row's prefix.
    endpoint: where a host's registry answers and how its sign-in is read.
    default_name: the name of the kind's default row; None where it has none. A default row
        may be without any variable, even a required one: it is anonymous.
    """

    slug: str
    label: str
    summary: str
    variables: tuple[Variable, ...]
    rules: tuple[Rule, ...] = ()
    methods: tuple[Method, ...]
    hosts: tuple[str, ...] = ()
    howto: HowTo
    row: Callable[[str, Mapping[str, str]], Lookup | None] = any_row
    home: Callable[[Values], str | None] = no_home
    credential: Callable[[Values, str | None, str], Credential]
    endpoint: Callable[[Values, str | None], Endpoint]
    default_name: str | None = None

    @cached_property
    def by_name(self) -> dict[str, Variable]:
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.variables if variable.secret)

    @cached_property
    def address(self) -> tuple[str, ...]:
        """The variables that say where the secrets go."""
        return tuple(variable.name for variable in self.variables if variable.address)

    def labels(self, *names: str) -> tuple[str, ...]:
        return tuple(self.by_name[name].label for name in names)

    @cached_property
    def _host_patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(host_pattern(template) for template in self.hosts)

    def match_host(self, host: str) -> dict[str, str] | None:
        """The template's labels in a lower-cased host name of this kind; None for another."""
        for pattern in self._host_patterns:
            if match := pattern.fullmatch(host):
                return match.groupdict()
        return None

    def answers(self, host: str) -> Lookup | None:
        """What a row without an address or prefix must hold to answer for a lower-cased host.

        None where no row of the kind answers for it.
        """
        labels = self.match_host(host)
        return None if labels is None else self.row(host, labels)

    def own_host(self, values: Values) -> str | None:
        """The one host, with a port that is not the default, that a row's `url` names."""
        address = self._address(values)
        return address.netloc if address else None

    def _address(self, values: Values) -> Address | None:
        if "url" not in self.by_name or "url" not in values:
            return None
        # A row that was saved without being cleaned may hold nonsense: it names no host.
        try:
            return parse_address(values["url"])
        except Invalid:
            return None

    def state(self, given: Iterable[str]) -> Literal["anonymous", "authenticated"]:
        """`authenticated` when credentials are set; every kind's credentials have a secret."""
        return "authenticated" if set(self.secrets).intersection(given) else "anonymous"

    def clean(self, raw: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
        """The values as they are stored, and a problem for each that cannot be taken.

        Pasted text that holds several variables (a key file) fills those.
        """
        trimmed = {
            name: self.by_name[name].trimmed(value) if name in self.by_name else value.strip()
            for name, value in raw.items()
        }
        values = {name: text for name, text in trimmed.items() if text}
        problems: dict[str, Problem] = {}
        for take in (Variable.spread_over, Variable.take):
            for variable in self.variables:
                if variable.name in values and variable.name not in problems:
                    try:
                        values.update(take(variable, values[variable.name]))
                    except Invalid as error:
                        problems[variable.name] = Problem(variable.name, error.code, error.text)
        return values, list(problems.values())

    def problems(self, given: Iterable[str], *, is_default: bool = False) -> list[Problem]:
        """Every rule that the set variables' names break, required ones included.

        No two are of one code at one variable.
        """
        names = frozenset(given)
        own = names.intersection(self.by_name)
        found = [self._foreign(name) for name in sorted(names - own)]
        if is_default and self.default_name is not None and not own:
            return found
        found += [
            Problem(variable.name, "required", Text(_("This is required.")))
            for variable in self.variables
            if variable.required and variable.name not in own
        ]
        for rule in self.rules:
            found.extend(rule.problems(own, self.labels))
        return list({(problem.variable, problem.code): problem for problem in found}.values())

    def notices(self, values: Values) -> list[str]:
        """What to tell whoever saved these values, though no rule is broken."""
        own = [(variable, values.get(variable.name)) for variable in self.variables]
        found = [variable.help for variable, value in own if value and variable.deprecated]
        said = [variable.notice(value) for variable, value in own if value and variable.notice]
        return [*filter(None, said), *found]

    def _foreign(self, name: str) -> Problem:
        template = _("%(kind)s has no such variable. Clear it.")
        return Problem(name, "foreign_variable", Text(template, {"kind": (self.label,)}))
