"""A registry that counts how much it is asked at a time."""

from collections import Counter
from collections.abc import Callable
from threading import Condition

from tests.fakes.server import Reply, Request


class Counting:
    """Counts how many requests of each account, and in all, it has now and had at most.

    answer: the status of the answer to a request with an account; it may wait.
    """

    def __init__(self, answer: Callable[[], int]) -> None:
        self.answer = answer
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.changed = Condition()

    def __call__(self, request: Request) -> Reply:
        if request.basic is None:
            return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="fake"'})
        names = (request.basic[0], "all")
        self._count(names, 1)
        status = self.answer()
        self._count(names, -1)
        return Reply(status, b"{}")

    def _count(self, names: tuple[str, ...], step: int) -> None:
        with self.changed:
            for name in names:
                self.now[name] += step
                self.most[name] = max(self.most[name], self.now[name])
            self.changed.notify_all()
