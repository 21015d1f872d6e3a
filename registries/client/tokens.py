"""Caches of bearer tokens, and how threads share the fetching of one."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from typing import Protocol

from registries.client.errors import Unreachable

# Seconds between two looks at what another process is making.
POLL_SECONDS = 0.05


class TokenStore(Protocol):
    """A store of texts that expire. Keys are hexadecimal digests, which every cache accepts."""

    def get(self, key: str) -> str | None: ...

    def set(self, key: str, value: str, seconds: float) -> None: ...

    def take(self, key: str, seconds: float) -> bool:
        """Return whether this process is the one that makes the text.

        Every other process that shares the store gets False for so many seconds, or until
        `give_back`.
        """

    def give_back(self, key: str) -> None: ...


class MemoryTokens:
    """A TokenStore in the memory of this process: of limited size, shared by its threads."""

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._entries: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        expires, value = self._entries.get(key, (0.0, None))
        return value if expires > time.monotonic() else None

    def set(self, key: str, value: str, seconds: float) -> None:
        with self._lock:
            self._entries.pop(key, None)
            if len(self._entries) >= self._limit:
                self._make_room()
            self._entries[key] = (time.monotonic() + seconds, value)

    def take(self, key: str, seconds: float) -> bool:
        """Return True: no other process uses this memory, and `SingleFlight` sees to threads."""
        return True

    def give_back(self, key: str) -> None:
        """Do nothing: nothing was taken."""

    def _make_room(self) -> None:
        """Remove the expired entries, or the oldest tenth if none has expired."""
        now = time.monotonic()
        expired = [key for key, (expires, _) in self._entries.items() if expires <= now]
        for key in expired or list(self._entries)[: self._limit // 10 + 1]:
            del self._entries[key]


class SingleFlight:
    """Makes sure that only one thread does a piece of work that several need at the same time.

    The other threads wait for its result. They also get its ClientError, so that a refused
    password is not tried once more by each of them.
    """

    def __init__(self) -> None:
        self._running: dict[str, Future[str]] = {}
        self._lock = threading.Lock()

    def run(self, key: str, work: Callable[[], str], remaining: Callable[[], float]) -> str:
        """Return the result of `work`, which this thread does unless another one is doing it.

        `remaining` returns how many seconds this thread may wait. Raises ClientError.
        """
        while True:
            with self._lock:
                flight = self._running.get(key)
                if is_first := flight is None:
                    flight = self._running[key] = Future()
            if is_first:
                return self._do(key, flight, work)
            try:
                return flight.result(timeout=max(remaining(), 0))
            except StillWaiting:
                # This thread's own time is over, so the call in `work` fails with a timeout.
                return work()
            except Unreachable as error:
                # A timeout was that of the other thread's call, so this thread tries itself.
                if error.code != "timeout":
                    raise

    def _do(self, key: str, flight: Future[str], work: Callable[[], str]) -> str:
        try:
            result = work()
        except BaseException as error:
            self._remove(key)
            # Waiting threads also get errors that are bugs, instead of waiting for nothing.
            flight.set_exception(error)
            raise
        self._remove(key)
        flight.set_result(result)
        return result

    def _remove(self, key: str) -> None:
        with self._lock:
            del self._running[key]


class Cache:
    """Cached texts of one identity, which are made again once they expire or are refused."""

    def __init__(self, store: TokenStore, identity: str, remaining: Callable[[], float]) -> None:
        self._store = store
        self._identity = identity
        self._remaining = remaining

    def key(self, *parts: object) -> str:
        """Return a key that belongs to this identity alone."""
        return hashlib.sha256(json.dumps([self._identity, *parts]).encode()).hexdigest()

    def peek(self, key: str) -> str | None:
        return self._store.get(key)

    def put(self, key: str, text: str, seconds: float) -> None:
        if seconds > 0:
            self._store.set(key, text, seconds)

    def get(
        self,
        key: str,
        make: Callable[[], tuple[str, float]],
        stale: str | None = None,
        *,
        by_one_process: bool = False,
    ) -> tuple[str, bool]:
        """Return the text cached under `key`, and whether it was made just now.

        `make` returns a new text and the seconds for which it may be cached; one thread calls it
        for all that wait, and with `by_one_process` one process of all that share the store.
        `stale` is a cached text that must not be used any more. Raises ClientError.
        """

        def read() -> str | None:
            text = self._store.get(key)
            return None if text == stale else text

        def fetch() -> str:
            # Another thread may have cached a text in the meantime.
            if (text := read()) is None:
                text, seconds = make()
                self.put(key, text, seconds)
            return text

        def fetch_alone() -> str:
            # A process that is killed meanwhile makes the others wait for half of their time.
            while not self._store.take(key, max(self._remaining() / 2, 1)):
                if (text := read()) is not None:
                    return text
                if self._remaining() <= 0:
                    return fetch()  # raises that the time is over
                time.sleep(POLL_SECONDS)
            try:
                return fetch()
            finally:
                self._store.give_back(key)

        if (text := read()) is not None:
            return text, False
        work = fetch_alone if by_one_process else fetch
        return _SINGLE_FLIGHT.run(key, work, self._remaining), True


# Shared by the whole process, because clients only live for one call.
_SINGLE_FLIGHT = SingleFlight()
