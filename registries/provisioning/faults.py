"""What is wrong with a file. Nothing here holds a value of it, which may be a misplaced secret."""

from typing import NamedTuple


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
