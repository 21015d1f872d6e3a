"""The fields of a row for who may only look."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from registries.kinds import Kind, Variable
from registries.models import Registry


class ShownVariable:
    """A variable for who may only look; of a secret, whether it is set and nothing else."""

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
    """What stands beside the name, such as an address, and what a row signs in with."""
    signs_in = {name for method in kind.methods for name in method.variables}
    parts: tuple[list[Any], list[Any]] = ([], [])
    for variable in kind.variables:
        parts[variable.name in signs_in].append(ShownVariable(variable))
    return parts
