"""A few threads that share a list of work."""

import threading

from registries.client.workers import Workers


def test_all_work_at_once() -> None:
    """As many threads as are asked for, and their names tell whose they are."""
    meeting = threading.Barrier(40, timeout=20)
    names = set()

    def work(_: int) -> None:
        meeting.wait()
        names.add(threading.current_thread().name)

    with Workers(40) as workers:
        workers.for_each(work, range(40))
    assert len(names) == 40
    assert not names & {thread.name for thread in threading.enumerate()}, "they end with the block"
    assert all(name.startswith("registries-client") for name in names)
