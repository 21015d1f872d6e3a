"""Rules over which variables of a kind are set together."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from registries.kinds.problem import Problem
from registries.text import Text
from registries.text import gettext_noop as _

# A function that returns the labels of the variables with these names.
Labels = Callable[..., tuple[str, ...]]


class Rule(Protocol):
    """A rule over which variables are set together."""

    def problems(self, provided: frozenset[str], labels: Labels) -> Iterable[Problem]: ...

    def schema(self) -> dict[str, Any]:
        """Return the rule as JSON Schema 2020-12, for an object of the variables that are set."""
        ...

    def sentence(self, labels: Labels) -> Text:
        """Return the rule as a sentence for people."""
        ...


def _missing(labels: Labels, name: str, because: Iterable[str]) -> Problem:
    template = _("Enter %(missing)s as well. It is needed together with %(given)s.")
    params = {"missing": labels(name), "given": labels(*because)}
    return Problem(name, "missing_partner", Text(template, params))


def _any_of(names: Iterable[str]) -> dict[str, Any]:
    return {"anyOf": [{"required": [name]} for name in names]}


class Together:
    """All of these variables are set, or none. The error is at each missing one."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def problems(self, provided: frozenset[str], labels: Labels) -> Iterable[Problem]:
        present = [name for name in self.names if name in provided]
        if present:
            for name in self.names:
                if name not in provided:
                    yield _missing(labels, name, present)

    def schema(self) -> dict[str, Any]:
        return {
            "dependentRequired": {
                name: [other for other in self.names if other != name] for name in self.names
            }
        }

    def sentence(self, labels: Labels) -> Text:
        return Text(_("Enter all of these or none: %(names)s."), {"names": labels(*self.names)})


class Excludes:
    """`name` is not set together with any of `others`. The error is at `name`."""

    def __init__(self, name: str, others: tuple[str, ...]) -> None:
        self.name = name
        self.others = others

    def problems(self, provided: frozenset[str], labels: Labels) -> Iterable[Problem]:
        present = [other for other in self.others if other in provided]
        if self.name in provided and present:
            template = _("Enter only one: clear this field, or clear %(given)s.")
            yield Problem(self.name, "excluded", Text(template, {"given": labels(*present)}))

    def schema(self) -> dict[str, Any]:
        return {"not": {"required": [self.name], **_any_of(self.others)}}

    def sentence(self, labels: Labels) -> Text:
        template = _("%(name)s cannot be used together with %(others)s.")
        params = {"name": labels(self.name), "others": labels(*self.others)}
        return Text(template, params)


class Needs:
    """`name` is only set together with one of `others`. The error is at the first of them."""

    def __init__(self, name: str, others: tuple[str, ...]) -> None:
        self.name = name
        self.others = others

    def problems(self, provided: frozenset[str], labels: Labels) -> Iterable[Problem]:
        if self.name in provided and not provided.intersection(self.others):
            yield _missing(labels, self.others[0], [self.name])

    def schema(self) -> dict[str, Any]:
        return {"if": {"required": [self.name]}, "then": _any_of(self.others)}

    def sentence(self, labels: Labels) -> Text:
        one = _("%(name)s requires %(others)s.")
        several = _("%(name)s requires one of %(others)s.")
        params = {"name": labels(self.name), "others": labels(*self.others)}
        return Text(one if len(self.others) == 1 else several, params)


class ExactlyOne:
    """Either all of `first` are set, or `other` alone.

    If nothing is set, the errors are at `first`; if both are, at `other`.
    """

    def __init__(self, first: tuple[str, ...], other: str) -> None:
        self.first = first
        self.other = other
        self._parts = (Together(*first), Excludes(other, first))

    def problems(self, provided: frozenset[str], labels: Labels) -> Iterable[Problem]:
        for part in self._parts:
            yield from part.problems(provided, labels)
        if not provided.intersection((*self.first, self.other)):
            params = {"first": labels(*self.first), "other": labels(self.other)}
            text = Text(_("Enter %(first)s, or only %(other)s."), params)
            for name in self.first:
                yield Problem(name, "required", text)

    def schema(self) -> dict[str, Any]:
        return {
            "oneOf": [
                {"required": list(self.first), "not": {"required": [self.other]}},
                {"required": [self.other], "not": _any_of(self.first)},
            ]
        }

    def sentence(self, labels: Labels) -> Text:
        template = _("Enter either %(first)s, or only %(other)s.")
        params = {"first": labels(*self.first), "other": labels(self.other)}
        return Text(template, params)
