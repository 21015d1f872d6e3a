"""The registry that the benchmarks ask: docker-registry with a token server, filled."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.process import Job
from tests.real.account import Account
from tests.real.push import push_image, push_tags
from tests.real.servers import RealRegistry, Token
from tests.real.token_server import SERVICE, TokenServer

TAG = "1.0"
MANY = "team/many"
# Some of the clients that are compared cannot carry every password.
ACCOUNT = Account("reader", "bench-password")


@dataclass(frozen=True)
class Seen:
    """What arrived: requests at the registry and at its token server, and their connections.

    several: token requests with more than one scope.
    """

    registry: int
    tokens: int
    several: int
    connections: int
    token_connections: int

    def __sub__(self, earlier: "Seen") -> "Seen":
        pairs = zip(vars(self).values(), vars(earlier).values(), strict=True)
        return Seen(*(now - then for now, then in pairs))

    @property
    def requests(self) -> int:
        return self.registry + self.tokens


class Filled:
    """A registry that lets an account in by token, with images of a digest each, and their job."""

    def __init__(self, server: RealRegistry, tokens: TokenServer) -> None:
        self._server = server
        self.tokens = tokens
        self.expected: list[str] = []

    def fill(self, images: int) -> None:
        for number in range(images):
            platform = {"os": "linux", "architecture": "amd64", "variant": f"v{number}"}
            pushed = push_image(self._server, self._repository(number), TAG, platform)
            self.expected.append(pushed.digest)

    def fill_tags(self, tags: int) -> None:
        push_tags(self._server, MANY, {f"1.{number}" for number in range(tags - 1)})

    def job(self, images: int) -> Job:
        """The first images, or the tags of the repository that has many."""
        return Job(
            self._server.origin,
            self.tokens.url,
            SERVICE,
            *ACCOUNT,
            images=tuple((self._repository(number), TAG) for number in range(images)),
            repository=MANY,
        )

    def seen(self) -> Seen:
        """What arrived so far."""
        requests = self.tokens.requests
        several = [one for one in requests if len(one.query.get("scope", [])) > 1]
        return Seen(
            len(self._server.requests),
            len(requests),
            len(several),
            self._server.connections,
            self.tokens.connections,
        )

    def _repository(self, number: int) -> str:
        return f"team/app-{number:03d}"


@contextmanager
def running() -> Iterator[Filled]:
    """A registry with nothing in it, and its token server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        TokenServer(ACCOUNT) as tokens,
        RealRegistry(Path(folder), Token(tokens, ACCOUNT)) as server,
    ):
        yield Filled(server, tokens)
