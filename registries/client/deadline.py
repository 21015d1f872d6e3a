"""`Deadline`: the time limit of one service call, and the steps that took the time."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from types import TracebackType
from typing import Self

from registries.verdicts import STEPS, Step


class Deadline:
    """The time that one service call may take, including name resolution. Threads may share it.

    The clock starts at once. Used as a context manager, the deadline expires at the end of the
    block: other threads that still use it then fail with their next read or write.

    seconds: for the call, or for each part of it if the deadline is renewed.
    longest: seconds for all parts together; `seconds` by default.
    """

    def __init__(self, seconds: float, longest: float | None = None) -> None:
        self._seconds = seconds
        self._end = monotonic() + seconds
        self._final_end = monotonic() + (seconds if longest is None else longest)
        self._steps: dict[str, Step] = {}

    @contextmanager
    def step(self, slug: str) -> Iterator[None]:
        """Record whether this block succeeded and how long it took, without nested steps.

        If a nested step fails, only that one is recorded.
        """
        started, nested, failed = monotonic(), self._step_seconds(), self._failed_steps()
        passed = False
        try:
            yield
            passed = True
        finally:
            seconds = monotonic() - started - (self._step_seconds() - nested)
            if passed or self._failed_steps() == failed:
                self.note(slug, passed, seconds)

    def note(self, slug: str, passed: bool | None, seconds: float = 0) -> None:
        """Record a step. Of two steps with the same name, the first one counts."""
        self._steps.setdefault(slug, Step(slug, passed, seconds))

    def _step_seconds(self) -> float:
        return sum(step.seconds for step in self._steps.values())

    def _failed_steps(self) -> int:
        return sum(step.passed is False for step in self._steps.values())

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that were recorded, in their usual order."""
        return tuple(self._steps[slug] for slug in STEPS if slug in self._steps)

    def renew(self) -> None:
        """Start the time of the next part, within the time for all parts together."""
        self._end = min(monotonic() + self._seconds, self._final_end)

    @property
    def is_used_up(self) -> bool:
        """Whether the time for all parts together has passed."""
        return monotonic() >= self._final_end

    def pause(self, seconds: float) -> bool:
        """Wait and return True, or return False at once if less time than that is left."""
        if self.remaining() <= seconds:
            return False
        sleep(seconds)
        return True

    def remaining(self) -> float:
        """Return the seconds left: zero or less once the deadline has expired."""
        return self._end - monotonic()

    @property
    def expired(self) -> bool:
        return self.remaining() <= 0

    def left(self) -> float:
        """Return the seconds left, for a socket's timeout. Raises TimeoutError if none are."""
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
        self._end = self._final_end = 0.0
