"""Where bearer tokens are kept while they live, and how threads share the fetching of one."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from typing import Protocol

from registries.client.errors import Unreachable


class TokenStore(Protocol):
    """A place for short-lived texts; keys are hexadecimal digests, safe for any cache."""

    def get(self, key: str) -> str | None: ...

    def set(self, key: str, value: str, seconds: float) -> None: ...


class MemoryTokens:
    """A TokenStore in this process's memory: bounded, shared by its threads."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._kept: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        until, value = self._kept.get(key, (0.0, None))
        return value if until > time.monotonic() else None

    def set(self, key: str, value: str, seconds: float) -> None:
        with self._lock:
            self._kept.pop(key, None)
            if len(self._kept) >= self._limit:
                self._make_room()
            self._kept[key] = (time.monotonic() + seconds, value)

    def _make_room(self) -> None:
        """Drop what has expired, else the oldest tenth."""
        now = time.monotonic()
        gone = [key for key, (until, _) in self._kept.items() if until <= now]
        for key in gone or list(self._kept)[: self._limit // 10 + 1]:
            del self._kept[key]


class Flights:
    """Work that several threads need at the same time and one of them does.

    The others wait for its result, or for its ClientError: a refused password is not tried again
    by each of them.
    """

    def __init__(self) -> None:
        self._running: dict[str, Future[str]] = {}
        self._lock = threading.Lock()

    def run(self, key: str, work: Callable[[], str], remaining: Callable[[], float]) -> str:
        """The result of `work`, done here or by the thread that is at it already.

        `remaining` says how many seconds this thread may wait. Raises ClientError.
        """
        while True:
            with self._lock:
                flight = self._running.get(key)
                if mine := flight is None:
                    flight = self._running[key] = Future()
            if mine:
                return self._do(key, flight, work)
            try:
                return flight.result(timeout=max(remaining(), 0))
            except StillWaiting:
                # Its own time is over; the call it would make next says so.
                return work()
            except Unreachable as error:
                # The other thread's time was over, not this one's.
                if error.code != "timeout":
                    raise

    def _do(self, key: str, flight: Future[str], work: Callable[[], str]) -> str:
        try:
            result = work()
        except BaseException as error:
            self._land(key)
            # Waiting threads learn of a fault of ours as well, rather than wait for nothing.
            flight.set_exception(error)
            raise
        self._land(key)
        flight.set_result(result)
        return result

    def _land(self, key: str) -> None:
        with self._lock:
            del self._running[key]


class Kept:
    """Texts that are made once, kept in a store, and made again when they expired or went stale."""

    def __init__(self, store: TokenStore, identity: str, remaining: Callable[[], float]) -> None:
        self._store = store
        self._identity = identity
        self._remaining = remaining

    def key(self, *parts: object) -> str:
        """The key of a text of this identity alone, whatever else it is about."""
        return hashlib.sha256(json.dumps([self._identity, *parts]).encode()).hexdigest()

    def peek(self, key: str) -> str | None:
        return self._store.get(key)

    def put(self, key: str, text: str, seconds: float) -> None:
        if seconds > 0:
            self._store.set(key, text, seconds)

    def get(
        self, key: str, make: Callable[[], tuple[str, float]], stale: str | None = None
    ) -> tuple[str, bool]:
        """The text kept under `key`, and whether it was made just now.

        `make` gives a new text and the seconds it may be kept; one thread calls it for all that
        wait. `stale` is a kept text that was refused. Raises ClientError.
        """

        def usable() -> str | None:
            text = self._store.get(key)
            return None if text == stale else text

        def work() -> str:
            # Another thread may have landed between our look and our turn.
            if (text := usable()) is None:
                text, seconds = make()
                self.put(key, text, seconds)
            return text

        if (text := usable()) is not None:
            return text, False
        return _FLIGHTS.run(key, work, self._remaining), True


# One for the process: clients live for one call, and several calls may need the same token.
_FLIGHTS = Flights()
