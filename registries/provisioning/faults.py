"""What is wrong with a file. Nothing here holds a value of it, which may be a misplaced secret."""

from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from django.views.decorators.debug import sensitive_variables

from registries.models import names

# Faults that are told at a time.
MOST_FAULTS = 100


class Place(NamedTuple):
    """A place in a file: the file's name, and the path there, such as `registries[2].prefix`."""

    file: str
    path: str = ""

    def at(self, key: str | int) -> "Place":
        """The place of a key, or of an item of a list."""
        if isinstance(key, int):
            return Place(self.file, f"{self.path}[{key}]")
        return Place(self.file, f"{self.path}.{key}".removeprefix("."))


class Fault(NamedTuple):
    """Something that has to be corrected; `text` says what to do."""

    place: Place
    text: str
    code: str = "invalid"

    def __str__(self) -> str:
        return ": ".join(part for part in (*self.place, self.text) if part)


class NotApplied(Exception):
    """Nothing was written, because of these faults."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Busy(Exception):
    """Nothing was written: others were writing the same rows all the time."""


class Checker:
    """Takes values out of a file, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, place: Place, text: str, code: str = "invalid") -> None:
        """Note what is wrong. Raises NotApplied if that is enough for one time."""
        self.faults.append(Fault(place, text, code))
        if len(self.faults) == MOST_FAULTS:
            text = f"These are the first {MOST_FAULTS} faults. Correct them, then try again."
            raise NotApplied([*self.faults, Fault(Place(place.file), text)])

    @sensitive_variables()
    def mapping(
        self,
        place: Place,
        value: Any,
        known: Iterable[str],
        shown: Container[str] | None = None,
    ) -> Mapping[str, Any] | None:
        """The mapping at a place, without unknown keys and those without a value.

        shown: the unknown keys that may be quoted; None is all. Another may be a secret, because
        `{secret}` is a mapping in YAML.
        """
        if not isinstance(value, dict):
            self.fault(place, f"Enter a mapping with: {', '.join(known)}.")
            return None
        keys = [*known]
        for key in value:
            if key not in keys:
                is_shown = len(str(key)) <= names.MAX_NAME and (shown is None or key in shown)
                at = place.at(str(key) if is_shown else "…")
                self.fault(at, f"There is no such key. Known are: {', '.join(keys)}.")
        return {key: each for key, each in value.items() if key in keys and each is not None}

    @sensitive_variables()
    def text(self, place: Place, mapping: Mapping[str, Any], key: str) -> str | None:
        value = mapping.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if value is None or isinstance(value, str):
            self.fault(place.at(key), "This is required: enter a text.", "required")
        else:
            self.fault(place.at(key), "Enter a text, in quotes.")
        return None
