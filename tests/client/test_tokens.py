"""Token stores, and threads that need the same token."""

import threading
import time

import pytest

from registries.client.errors import Rejected, Unreachable
from registries.client.tokens import Cache, MemoryTokens, SingleFlight


def test_a_text_is_kept_until_its_time_is_over() -> None:
    tokens = MemoryTokens()
    tokens.set("a", "replaced", 60)
    tokens.set("a", "1", 60)
    tokens.set("b", "2", 0.01)
    time.sleep(0.02)
    assert (tokens.get("a"), tokens.get("b"), tokens.get("c")) == ("1", None, None)


def test_a_full_store_drops_what_is_over_first_and_then_the_oldest() -> None:
    tokens = MemoryTokens(limit=20)
    tokens.set("over", "x", -1)
    for number in range(19):
        tokens.set(str(number), "x", 60)
    tokens.set("new", "x", 60)
    assert (tokens.get("0"), tokens.get("new")) == ("x", "x")
    tokens.set("1", "x", 60)  # nothing is dropped for what is there; it is young again
    assert tokens.get("0") == "x"
    tokens.set("newer", "x", 60)
    gone = [number for number in range(19) if tokens.get(str(number)) is None]
    assert (gone, tokens.get("newer")) == ([0, 2, 3], "x")


def test_a_store_holds_ten_thousand_texts() -> None:
    tokens = MemoryTokens()
    for number in range(10_000):
        tokens.set(str(number), "x", 60)
    assert tokens.get("0") == "x"
    tokens.set("new", "x", 60)
    assert (tokens.get("0"), tokens.get("9999")) == (None, "x")


def test_keys_of_two_identities_never_meet() -> None:
    tokens = MemoryTokens()
    one, two = (Cache(tokens, identity, lambda: 1.0) for identity in ("a", "b"))
    assert one.key("token", "x") != two.key("token", "x")
    assert one.key("token", "x") == Cache(tokens, "a", lambda: 1.0).key("token", "x")
    assert one.key("a", "b") != one.key("ab") != one.key("a", "b", None)


class Race:
    """Threads that ask for the same at the same moment."""

    def __init__(self, count: int) -> None:
        self.barrier = threading.Barrier(count)
        self.results: list[object] = []
        self.calls = 0
        self._count = count

    def run(self, cache: Cache, outcome: str | Exception) -> None:
        def make() -> tuple[str, float]:
            self.calls += 1
            time.sleep(0.05)  # long enough for the others to arrive
            if isinstance(outcome, Exception):
                raise outcome
            return outcome, 60

        def fetch() -> None:
            self.barrier.wait()
            try:
                self.results.append(cache.get("key", make)[0])
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self.results.append(error)

        threads = [threading.Thread(target=fetch) for _ in range(self._count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("threads", "outcome"),
    [(50, "text"), (20, Rejected("bad_credentials")), (5, ZeroDivisionError("ours"))],
    ids=["text", "refusal", "fault of ours"],
)
def test_one_thread_makes_what_many_need(threads: int, outcome: str | Exception) -> None:
    """#65: one request, and a refused password is not tried again, for which GitLab would ban."""
    race = Race(threads)
    race.run(Cache(MemoryTokens(), "a", lambda: 10.0), outcome)
    assert race.results == [outcome] * threads
    assert race.calls == 1


def test_a_thread_outlives_the_deadline_of_the_one_it_waits_for() -> None:
    """The first thread's time is over; the second has its own, and does the work itself."""
    single_flight = SingleFlight()
    started, calls = threading.Event(), []

    def slow() -> str:
        started.set()
        time.sleep(0.05)
        raise Unreachable("timeout", host="registry.example.com")

    def first() -> None:
        with pytest.raises(Unreachable):
            single_flight.run("key", slow, lambda: 0.05)
        calls.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    started.wait()
    assert single_flight.run("key", lambda: "mine", lambda: 10.0) == "mine"
    thread.join()
    assert calls == ["first"]


def test_a_thread_waits_no_longer_than_its_deadline() -> None:
    single_flight = SingleFlight()
    started, release = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        release.wait(10)
        return "late"

    def mine() -> str:
        raise Unreachable("timeout", host="registry.example.com")

    thread = threading.Thread(target=lambda: single_flight.run("key", slow, lambda: 10.0))
    thread.start()
    started.wait()
    with pytest.raises(Unreachable):
        single_flight.run("key", mine, lambda: 0.05)
    assert thread.is_alive()
    release.set()
    thread.join()


def test_a_text_that_was_refused_is_made_again_once() -> None:
    cache = Cache(MemoryTokens(), "a", lambda: 10.0)
    assert cache.get("key", lambda: ("old", 60)) == ("old", True)
    assert cache.get("key", lambda: ("new", 60)) == ("old", False)
    assert cache.get("key", lambda: ("new", 60), stale="old") == ("new", True)
    # Another thread comes late with the same refusal.
    assert cache.get("key", lambda: ("newer", 60), stale="old") == ("new", False)


def test_a_text_without_time_is_not_kept() -> None:
    cache = Cache(MemoryTokens(), "a", lambda: 10.0)
    assert cache.get("key", lambda: ("one", -5.0)) == ("one", True)
    assert cache.get("key", lambda: ("two", 60.0)) == ("two", True)


def test_a_store_is_not_bothered_with_a_text_without_time() -> None:
    """What a cache makes of no time at all, or of less, is its own matter."""

    class Noting(MemoryTokens):
        def set(self, key: str, value: str, seconds: float) -> None:
            written.append(value)
            super().set(key, value, seconds)

    written: list[str] = []
    cache = Cache(Noting(), "a", lambda: 10.0)
    for text, seconds in [("gone", -1.0), ("now", 0.0), ("short", 0.9)]:
        cache.put("key", text, seconds)
    assert (written, cache.peek("key")) == (["short"], "short")
