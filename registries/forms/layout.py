"""The form of a row as its page shows it: the ways to sign in, and the fields of each."""

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from django import forms

from registries.kinds import Kind
from registries.kinds.base import Method
from registries.models import Registry

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Registry]
else:
    _ModelForm = forms.ModelForm

# The columns that every kind has.
COMMON = ("name", "prefix", "ca_certificate", "verify_tls", "handover")


class Row(NamedTuple):
    """A field of the form as the page shows it: whether it must be filled in, and for which ways.

    ways: numbers of the ways to sign in that take it, from 1; empty where it belongs to all.
    """

    field: forms.BoundField
    is_needed: bool
    ways: tuple[int, ...] = ()


class FormLayout(_ModelForm):
    """The ways to sign in of a form, and its fields in their order.

    methods: the ways to sign in that the row may use.
    """

    kind: ClassVar[Kind]
    methods: list[Method]

    @cached_property
    def chosen(self) -> Method:
        """The way to sign in that the page shows: as posted, else the one that the row fits."""
        posted = self.data.get(self.add_prefix("sign_in")) if self.is_bound else None
        for method in self.methods:
            if method.slug == posted:
                return method
        given = self.instance.provided()
        if self.instance._state.adding and not given:
            return self.methods[0]
        return max(
            self.methods, key=lambda way: (given.issuperset(way.variables), len(way.variables))
        )

    @property
    def common_rows(self) -> list[Row]:
        """The variables that every way to sign in takes, such as an address."""
        some = self._of_some_method
        return [
            Row(self[variable.name], variable.required)
            for variable in self.kind.variables
            if variable.name not in some
        ]

    @property
    def sign_in_rows(self) -> list[Row]:
        """The variables of the ways to sign in, each once, with the ways that take it."""
        several = len(self.methods) > 1
        return [
            Row(
                self[variable.name],
                several or variable.required,
                tuple(
                    number
                    for number, method in enumerate(self.methods, 1)
                    if several and variable.name in method.variables
                ),
            )
            for variable in self.kind.variables
            if variable.name in self._of_some_method
        ]

    @property
    def other_rows(self) -> dict[str, Row]:
        """The fields that every kind has, by name."""
        names = [*COMMON, "image"]
        return {name: Row(self[name], name == "name") for name in names}

    @cached_property
    def _of_some_method(self) -> set[str]:
        return {name for method in self.kind.methods for name in method.variables}
