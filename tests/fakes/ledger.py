"""Who was shown which credential: a test fails when one arrives where it was not meant to go."""

from base64 import b64encode
from threading import Lock

from tests.fakes.server import Request


def basic(username: str, password: str) -> str:
    """The Authorization of RFC 7617."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


class Ledger:
    """The credentials that each place may see, what it saw, and whose names were tried.

    A place is the origin that a server stands for. users: the user name of every Basic
    Authorization that arrived anywhere, in order.
    """

    def __init__(self) -> None:
        self._allowed: set[tuple[str, str]] = set()
        self._accounts: dict[str, str] = {}
        self.seen: list[tuple[str, str]] = []
        self.users: list[str] = []
        self._lock = Lock()

    def allow(self, authorization: str, place: str) -> None:
        """`place` may see this Authorization."""
        with self._lock:
            self._allowed.add((authorization, place))

    def allow_strangers(self, place: str, account: str) -> None:
        """`place` may see whatever is tried with another name than `account`.

        So a wrong password for the account's own name still fails the test.
        """
        with self._lock:
            self._accounts[place] = account

    def strangers(self, account: str) -> list[str]:
        """The names that were tried besides the account's own."""
        return [user for user in self.users if user != account]

    def see(self, request: Request, place: str) -> None:
        if request.authorization is not None:
            self.show(request.authorization, place, request.basic)

    def show(self, secret: str, place: str, pair: tuple[str, str] | None = None) -> None:
        """Note a secret that arrived at `place`, in a header or in a form."""
        with self._lock:
            self.seen.append((secret, place))
            if pair:
                self.users.append(pair[0])
                if self._accounts.get(place, pair[0]) != pair[0]:
                    self._allowed.add((secret, place))

    def strays(self) -> list[tuple[str, str]]:
        """What arrived where it was not meant to go."""
        return [pair for pair in self.seen if pair not in self._allowed]
