"""How long one service call on one registry may take in all, and where its time went."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from types import TracebackType
from typing import Self

from registries.verdicts import STEPS, Step


class Deadline:
    """The time that one service call has, name resolution included; threads may share it.

    The clock runs from the start. As a context manager it ends with its block: what another
    thread still does under it then fails at its next read or write.

    seconds: for the call, or for each part of it where it is renewed. longest: seconds for all
    parts together, `seconds` unless it is given.
    """

    def __init__(self, seconds: float, longest: float | None = None) -> None:
        self._seconds = seconds
        self._end = monotonic() + seconds
        self._last = monotonic() + (seconds if longest is None else longest)
        self._steps: dict[str, Step] = {}

    @contextmanager
    def step(self, slug: str) -> Iterator[None]:
        """Note whether this block passed and how long it took, steps inside it left out.

        Of a step that fails inside another, only the inner one is noted.
        """
        started, inside, failed = monotonic(), self._noted(), self._failed()
        passed = False
        try:
            yield
            passed = True
        finally:
            seconds = monotonic() - started - (self._noted() - inside)
            if passed or self._failed() == failed:
                self.note(slug, passed, seconds)

    def note(self, slug: str, passed: bool | None, seconds: float = 0) -> None:
        """Note a step; of two with one name the first counts."""
        self._steps.setdefault(slug, Step(slug, passed, seconds))

    def _noted(self) -> float:
        return sum(step.seconds for step in self._steps.values())

    def _failed(self) -> int:
        return sum(step.passed is False for step in self._steps.values())

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was gone through."""
        return tuple(self._steps[slug] for slug in STEPS if slug in self._steps)

    def renew(self) -> None:
        """Give the next part of the call its time, of what all parts have together."""
        self._end = min(monotonic() + self._seconds, self._last)

    @property
    def is_used_up(self) -> bool:
        """Whether all parts together have had their time."""
        return monotonic() >= self._last

    def pause(self, seconds: float) -> bool:
        """Wait so long, and say so; where less time is left, do not."""
        if self.remaining() <= seconds:
            return False
        sleep(seconds)
        return True

    def remaining(self) -> float:
        """Seconds left; zero or less when it is over. Raises nothing."""
        return self._end - monotonic()

    @property
    def expired(self) -> bool:
        return self.remaining() <= 0

    def left(self) -> float:
        """Seconds left, for a socket's timeout; raises TimeoutError when there are none."""
        if (seconds := self.remaining()) <= 0:
            raise TimeoutError
        return seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end = self._last = 0.0
