"""The order in which a page shows the form of a row: the ways to sign in, with their fields."""

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
COMMON = ("name", "prefix", "ca_certificate", "verify_tls", "handover", "check_every", "expires_on")


class Row(NamedTuple):
    """A field as the page shows it.

    ways: the numbers of the ways to sign in that use it, from 1; empty if all do.
    """

    field: forms.BoundField
    is_needed: bool
    ways: tuple[int, ...] = ()


class FormLayout(_ModelForm):
    """A form whose fields are grouped by the ways to sign in.

    methods: the ways to sign in that the row may use.
    """

    kind: ClassVar[Kind]
    methods: list[Method]

    @cached_property
    def chosen(self) -> Method:
        """The way to sign in that was posted, or else the best match for the row."""
        posted = self.data.get(self.add_prefix("sign_in")) if self.is_bound else None
        for method in self.methods:
            if method.slug == posted:
                return method
        provided = self.instance.provided()
        if self.instance._state.adding and not provided:
            return self.methods[0]
        return max(
            self.methods, key=lambda way: (provided.issuperset(way.variables), len(way.variables))
        )

    @property
    def common_rows(self) -> list[Row]:
        """The variables that are not part of a way to sign in, such as an address."""
        of_methods = self._of_some_method
        return [
            Row(self[variable.name], variable.required)
            for variable in self.kind.variables
            if variable.name not in of_methods
        ]

    @property
    def sign_in_rows(self) -> list[Row]:
        """The variables of all ways to sign in, with the ways that use them."""
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
    def end_row(self) -> Row:
        """When the credentials end, for the ways to sign in that have some."""
        several = len(self.methods) > 1
        ways = (number for number, way in enumerate(self.methods, 1) if several and way.variables)
        return Row(self["expires_on"], False, tuple(ways))

    @property
    def other_rows(self) -> dict[str, Row]:
        """The fields that all kinds have, by name."""
        names = [*COMMON, "image"]
        return {name: Row(self[name], name == "name") for name in names}

    @cached_property
    def _of_some_method(self) -> set[str]:
        return {name for method in self.kind.methods for name in method.variables}
