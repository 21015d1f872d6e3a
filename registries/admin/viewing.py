"""The read-only fields of a row."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from registries.kinds import Kind, Variable
from registries.models import Registry


class ShownVariable:
    """A read-only variable. For a secret, only whether it is set."""

    def __init__(self, variable: Variable) -> None:
        self.variable = variable
        self.__name__ = variable.name
        self.short_description = _(variable.label)

    def __call__(self, row: Registry) -> Any:
        value = row.raw_value(self.variable.name)
        if self.variable.secret:
            return _("Set") if value else _("Not set")
        return value or "-"


def viewed(kind: Kind) -> tuple[list[Any], list[Any]]:
    """Return the fields beside the name, such as an address, and those of the login."""
    signs_in = {name for method in kind.methods for name in method.variables}
    parts: tuple[list[Any], list[Any]] = ([], [])
    for variable in kind.variables:
        parts[variable.name in signs_in].append(ShownVariable(variable))
    return parts
