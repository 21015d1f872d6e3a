"""A registry with one account, and one whose answers wait until its gate is open."""

import threading

from tests.fakes.server import Reply, Request

PASSWORD = "fake-password"


def let_in(request: Request) -> Reply:
    """Let the account johndoe in, with PASSWORD."""
    if request.basic == ("johndoe", PASSWORD):
        return Reply(200, b"{}")
    return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="fake"'})


class Gate:
    """It lets the account johndoe in, with PASSWORD, or everybody.

    arrived: set by the first request. calls: how many requests arrived. most: how many of them
    waited at the same time.
    """

    def __init__(self, *, anonymous: bool = False) -> None:
        self.anonymous = anonymous
        self.open, self.arrived = threading.Event(), threading.Event()
        self.waiting = self.most = self.calls = 0
        self._changed = threading.Condition()

    def __call__(self, request: Request) -> Reply:
        with self._changed:
            self.calls += 1
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            self._changed.notify_all()
        self.arrived.set()
        assert self.open.wait(30)
        with self._changed:
            self.waiting -= 1
        return Reply(200, b"{}") if self.anonymous else let_in(request)

    def wait_for(self, count: int) -> None:
        """Wait until this many requests wait."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.waiting == count, 30)
