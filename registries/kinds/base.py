"""`Kind`: the declaration of a kind of registry.

A kind declares its variables, the rules between them and its hosts, and turns stored values into a
credential and an endpoint that the client understands. Forms, model validation, API, JSON Schema
and documentation are derived from it. This package does not import Django.
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

# The variables that are set on a row, by name.
Values = Mapping[str, str]

# The columns that a row without an address of its own must have to answer for a host: the name of
# a variable, or `is_default`, with its value; None means "not set".
Lookup = Mapping[str, str | bool | None]

_LINE_BREAK = re.compile(r"(?:\r\n|\r|\n)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One stored value of a kind.

    clean: a function that returns the value as it is stored, or raises Invalid.
    address: whether the value decides where the secrets are sent. When it changes, the secrets
        have to be entered again.
    multiline: whether the value may contain line breaks (PEM keys).
    keeps_spaces: whether white space around the value is kept (passwords). A line break at its
        end is dropped even then, because `cat` and text editors add one.
    spread: a function that reads several variables from one pasted text, such as a whole Google
        key file. It returns the variables it found, or an empty dict.
    notice: a function that returns a warning about a value that is legal but unlikely to work,
        or None.
    cannot_work: a function that returns why the registry refuses a value that is legal, or None:
        forms say so before they ask the registry.
    initial: the value that a new form shows.
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
    cannot_work: Callable[[str], str | None] | None = None
    initial: str = ""
    placeholder: str = ""

    def trimmed(self, text: str) -> str:
        """Return the text without surrounding white space, except where that is kept.

        White space alone is returned as an empty string.
        """
        without = trimmed(text)
        return _LINE_BREAK.sub("", text) if without and self.keeps_spaces else without

    def expand(self, text: str) -> dict[str, str]:
        """Return the values that a pasted text holds for several variables; usually none."""
        return self.spread(text) if self.spread else {}

    def cleaned(self, text: str) -> dict[str, str]:
        """Return the value as it is stored. Raises Invalid."""
        # The length is checked before cleaning, which is not made for megabytes, and after it,
        # because cleaning may add characters.
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
    """How to create the credentials on the platform, step by step.

    steps, notes: sentences, in which menus, buttons and what is chosen there are **bold**, and
        pages are [linked](https://example.com/). API clients get them without this markup.
    """

    title: str
    steps: tuple[str, ...]
    notes: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """One way to sign in and the variables it needs; no variables means anonymous.

    A variable that no method names can be used with all of them.
    default_only: whether only the kind's default row may use this method.
    """

    slug: str
    label: str
    variables: tuple[str, ...]
    help: str = ""
    deprecated: bool = False
    default_only: bool = False


def any_row(host: str, labels: Mapping[str, str]) -> Lookup | None:
    """The `row` of kinds where every row answers for all of the kind's hosts."""
    return {}


def no_home(values: Values) -> str | None:
    """The `home` of kinds that have no public registry, such as self-hosted ones."""
    return None


def home_at(host: str) -> Callable[[Values], str | None]:
    """The `home` of kinds with one public registry."""
    return lambda _values: host


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """A kind of registry.

    summary: the credentials it needs, in one line. The page that offers the kinds shows it.
    hosts: templates of the image hosts that the kind's rows answer for. Empty if only the row's
        `url` decides.
    row: a function that takes a lower-cased host of the kind and the labels that its template
        found there. It returns the columns that a row without address or prefix must have to
        answer for the host: an empty mapping if any row does, None if no row does.
    home: a function that returns the host to call if neither `url` nor `prefix` names one.
    credential: a function that makes the credential from a row's values, the host (None if it is
        not known yet) and the row's prefix.
    endpoint: a function that says where the registry of a host is and how it signs in.
    default_name: the name of the kind's default row, or None if it has none. A default row may
        lack every variable, even required ones: it is anonymous then.
    prefix_example: a prefix that a row may have; only needed if the kind has several hosts.
    exchanged_by: the variable with which the credentials are exchanged for short-lived ones, or
        None if they are used as they are stored.
    exchanged_hours: for how many hours the short-lived ones are valid; 0 without an exchange.
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
    prefix_example: str = ""
    exchanged_by: str | None = None
    exchanged_hours: int = 0

    @cached_property
    def by_name(self) -> dict[str, Variable]:
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.variables if variable.secret)

    @cached_property
    def address(self) -> tuple[str, ...]:
        """The variables that decide where the secrets are sent."""
        return tuple(variable.name for variable in self.variables if variable.address)

    def labels(self, *names: str) -> tuple[str, ...]:
        return tuple(self.by_name[name].label for name in names)

    @cached_property
    def _host_patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(host_pattern(template) for template in self.hosts)

    def match_host(self, host: str) -> dict[str, str] | None:
        """Return the labels in a lower-cased host of this kind, or None if it is no such host."""
        for pattern in self._host_patterns:
            if match := pattern.fullmatch(host):
                return match.groupdict()
        return None

    def answers(self, host: str) -> Lookup | None:
        """Return the columns that a row without address or prefix needs to answer for a host.

        The host is in lower case. None means that no row of this kind answers for it.
        """
        labels = self.match_host(host)
        return None if labels is None else self.row(host, labels)

    def own_host(self, values: Values) -> str | None:
        """Return the host of the row's `url`, with its port unless that is the default."""
        address = self._address(values)
        return address.netloc if address else None

    def _address(self, values: Values) -> Address | None:
        if "url" not in self.by_name or "url" not in values:
            return None
        # A row that was saved without `full_clean` may hold something that is not an address.
        try:
            return parse_address(values["url"])
        except Invalid:
            return None

    def state(self, provided: Iterable[str]) -> Literal["anonymous", "authenticated"]:
        """Return `authenticated` if any secret is among the provided variables.

        The credentials of every kind include a secret.
        """
        return "authenticated" if set(self.secrets).intersection(provided) else "anonymous"

    def clean(self, raw: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
        """Return the values as they are stored, and a problem for each invalid one.

        A pasted text that holds several variables, such as a key file, fills all of them.
        """
        trimmed = {
            name: self.by_name[name].trimmed(value) if name in self.by_name else value.strip()
            for name, value in raw.items()
        }
        values = {name: text for name, text in trimmed.items() if text}
        problems: dict[str, Problem] = {}
        for step in (Variable.expand, Variable.cleaned):
            for variable in self.variables:
                if variable.name in values and variable.name not in problems:
                    try:
                        values.update(step(variable, values[variable.name]))
                    except Invalid as error:
                        problems[variable.name] = Problem(variable.name, error.code, error.text)
        return values, list(problems.values())

    def problems(self, provided: Iterable[str], *, is_default: bool = False) -> list[Problem]:
        """Return a problem for every rule that is broken when these variables are set.

        provided: the names of the variables that are set. Rules never look at values, so stored
            secrets need not be opened.
        A variable has at most one problem with the same code.
        """
        names = frozenset(provided)
        own = names.intersection(self.by_name)
        problems = [self._foreign(name) for name in sorted(names - own)]
        if is_default and self.default_name is not None and not own:
            return problems
        problems += [
            Problem(variable.name, "required", Text(_("This is required.")))
            for variable in self.variables
            if variable.required and variable.name not in own
        ]
        for rule in self.rules:
            problems.extend(rule.problems(own, self.labels))
        return list({(problem.variable, problem.code): problem for problem in problems}.values())

    def notices(self, values: Values) -> list[str]:
        """Return warnings about values that are legal but deprecated or unlikely to work."""
        own = [(variable, values.get(variable.name)) for variable in self.variables]
        deprecated = [variable.help for variable, value in own if value and variable.deprecated]
        notices = [variable.notice(value) for variable, value in own if value and variable.notice]
        return [*self.hopeless(values).values(), *filter(None, notices), *deprecated]

    def hopeless(self, values: Values) -> dict[str, str]:
        """Return why values cannot work, by the names of their variables."""
        return {
            variable.name: reason
            for variable in self.variables
            if variable.cannot_work and (value := values.get(variable.name))
            if (reason := variable.cannot_work(value))
        }

    def prefix_host(self, values: Values) -> str | None:
        """Return the host that a prefix without one means; None if the kind has several."""
        home = None if self.prefix_example else self.home(values)
        return self.own_host(values) or home

    def example_prefix(self, values: Values) -> str:
        """Return a prefix that a row with these values may have."""
        url = self.by_name.get("url")
        host = self.prefix_host(values) or (url and url.placeholder.rpartition("/")[2])
        return self.prefix_example or (f"{host}/acme" if host else "")

    def _foreign(self, name: str) -> Problem:
        template = _("%(kind)s does not have this variable. Clear it.")
        return Problem(name, "foreign_variable", Text(template, {"kind": (self.label,)}))
