"""Who was shown which credential: a test fails when one arrives where it was not meant to go."""

from base64 import b64encode
from threading import Lock

from tests.fakes.server import Request


def basic(username: str, password: str) -> str:
    """The Authorization of RFC 7617."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


class Ledger:
    """The credentials that each place may see, and what it saw.

    A place is the origin that a server stands for.
    """

    def __init__(self) -> None:
        self._allowed: set[tuple[str, str]] = set()
        self._users: set[tuple[str, str]] = set()
        self.seen: list[tuple[str, str]] = []
        self._lock = Lock()

    def allow(self, authorization: str, place: str) -> None:
        """`place` may see this Authorization."""
        with self._lock:
            self._allowed.add((authorization, place))

    def allow_any_password(self, username: str, place: str) -> None:
        """`place` may see this user name with any password: a comparison sends random ones."""
        with self._lock:
            self._users.add((username, place))

    def see(self, request: Request, place: str) -> None:
        if request.authorization is not None:
            self.show(request.authorization, place, request.basic)

    def show(self, secret: str, place: str, pair: tuple[str, str] | None = None) -> None:
        """Note a secret that arrived at `place`, in a header or in a form."""
        with self._lock:
            self.seen.append((secret, place))
            if pair and (pair[0], place) in self._users:
                self._allowed.add((secret, place))

    def strays(self) -> list[tuple[str, str]]:
        """What arrived where it was not meant to go."""
        return [pair for pair in self.seen if pair not in self._allowed]
