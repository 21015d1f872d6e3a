"""What is wrong with a value or with a set of variables, in words that say what to do."""

from typing import NamedTuple

from registries.text import Text


class Invalid(ValueError):
    """A value that a variable cannot take; the text says what to do.

    It never quotes the value.
    """

    def __init__(self, code: str, template: str, **params: str) -> None:
        self.code = code
        self.text = Text(template, params)
        super().__init__(str(self.text))


class Problem(NamedTuple):
    """One broken rule, at the variable where it is to be mended."""

    variable: str
    code: str
    text: Text

    def __str__(self) -> str:
        return str(self.text)
