"""What is wrong with a value or a set of variables, in a sentence that tells what to do."""

from typing import NamedTuple

from registries.text import Text


class Invalid(ValueError):
    """A value that a variable does not accept; `text` says what to do and never quotes it."""

    def __init__(self, code: str, template: str, **params: str) -> None:
        self.code = code
        self.text = Text(template, params)
        super().__init__(str(self.text))


class Problem(NamedTuple):
    """One broken rule, with the variable that has to be corrected."""

    variable: str
    code: str
    text: Text

    def __str__(self) -> str:
        return str(self.text)
