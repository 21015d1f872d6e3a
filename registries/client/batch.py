"""Tokens for many repositories, several in one request where the token server honours that."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import urlencode

from registries.client import bearer
from registries.client.auth import REMEMBERED, Authorizer, Grant
from registries.client.errors import ImageDenied, Misconfigured
from registries.client.tokenserver import Scheme

# Scopes in one request, and their length in its line: servers and proxies take about 8 kB.
LARGEST, LONGEST = 20, 6000

Each = Callable[[Callable[[list[str]], None], Sequence[list[str]]], None]


class Batches:
    """Fetches tokens ahead of the requests that need them.

    A server that grants only the first of several scopes is remembered and asked one by one.
    """

    def __init__(self, auth: Authorizer) -> None:
        self._auth = auth
        self._kept = auth.context.kept
        # Tokens for several repositories that do not say what they are good for.
        self._opaque: set[str] = set()

    def fetch(self, repositories: Iterable[str], each: Each) -> None:
        """Fetch the tokens that are not kept yet.

        `each` calls a function for all items of a list, maybe in threads. Raises ClientError where
        the credentials are refused or the token server cannot be used.
        """
        scheme = self._auth.scheme()
        if scheme.name != "bearer" or self._one_by_one(scheme):
            return
        missing = [
            repository
            for repository in repositories
            if self._kept.peek(self._auth.token_key(scheme, repository)) is None
        ]
        groups = [group for group in self._groups(missing) if len(group) > 1]
        if groups:
            # The first shows whether the server grants several scopes; then the others.
            self._fetch(scheme, groups[0])
            if not self._one_by_one(scheme):
                each(lambda group: self._fetch(scheme, group), groups[1:])

    def worked_alone(self, refused: Grant) -> None:
        """Note that a repository's own token worked where `refused` did not."""
        if refused.token in self._opaque:
            self._note(refused.scheme)

    def _groups(self, repositories: Iterable[str]) -> Iterator[list[str]]:
        group: list[str] = []
        length = 0
        for repository in repositories:
            if len(group) == LARGEST or length > LONGEST:
                yield group
                group, length = [], 0
            group.append(repository)
            length += len(urlencode({"scope": self._auth.scope(repository)}))
        yield group

    def _fetch(self, scheme: Scheme, group: list[str]) -> None:
        scopes = [self._auth.scope(repository) for repository in group]
        not_understood = False
        try:
            token = self._auth.server.token(scheme, self._auth.base, scopes, several=True)
        except ImageDenied:
            return  # one that is denied spoils the request: each asks for itself
        except Misconfigured as error:
            if error.code != "bad_token_server":
                raise
            not_understood = True
        if not_understood:
            self._note(scheme)
            return
        granted = bearer.granted(token.value)
        if granted is None:
            self._opaque.add(token.value)
        elif granted.intersection(group) <= {group[0]}:
            self._note(scheme)
        for repository in group:
            if granted is None or repository in granted:
                key = self._auth.token_key(scheme, repository)
                self._kept.put(key, token.value, token.seconds)

    def _one_by_one(self, scheme: Scheme) -> bool:
        return self._kept.peek(self._note_key(scheme)) is not None

    def _note(self, scheme: Scheme) -> None:
        self._kept.put(self._note_key(scheme), "one by one", REMEMBERED)

    def _note_key(self, scheme: Scheme) -> str:
        return self._kept.key("batch", scheme.realm, scheme.service)
