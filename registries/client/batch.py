"""Tokens for many repositories, several with one request if the token server supports that."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import urlencode

from registries.client import bearer
from registries.client.auth import SCHEME_SECONDS, Authorizer, Grant
from registries.client.errors import ImageDenied, Misconfigured
from registries.client.tokenserver import Scheme

# The most scopes in one request, and the most bytes: servers and proxies accept about 8 kB.
LARGEST, LONGEST = 20, 6000

ForEach = Callable[[Callable[[list[str]], None], Sequence[list[str]]], None]


class Batches:
    """Fetches the tokens of many repositories before the requests that need them.

    Some token servers grant only the first of several scopes. That is cached, and they are asked
    for one repository at a time.
    """

    def __init__(self, auth: Authorizer) -> None:
        self._auth = auth
        self._cache = auth.context.cache
        # Tokens for several repositories that do not say which ones they are valid for.
        self._opaque: set[str] = set()

    def fetch(self, repositories: Iterable[str], for_each: ForEach) -> None:
        """Fetch the tokens that are not cached yet.

        `for_each` calls a function for all items of a list, maybe in threads. Raises ClientError
        if the credentials are refused or the token server cannot be used.
        """
        scheme = self._auth.scheme()
        if scheme.name != "bearer" or self._takes_one_scope(scheme):
            return
        missing = [
            repository
            for repository in repositories
            if self._cache.peek(self._auth.token_key(scheme, repository)) is None
        ]
        groups = [group for group in self._groups(missing) if len(group) > 1]
        if groups:
            # The first request shows whether the server grants several scopes.
            self._fetch(scheme, groups[0])
            if not self._takes_one_scope(scheme):
                for_each(lambda group: self._fetch(scheme, group), groups[1:])

    def succeeded_alone(self, refused: Grant) -> None:
        """Note that a token for one repository was accepted after `refused` was not."""
        if refused.token in self._opaque:
            self._remember_one_scope(refused.scheme)

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
        is_unknown_registry = False
        try:
            token = self._auth.server.token(scheme, self._auth.base, scopes, several=True)
        except ImageDenied:
            return  # if one repository is denied, the request fails: each one asks for itself
        except Misconfigured as error:
            if error.code != "bad_token_server":
                raise
            is_unknown_registry = True
        if is_unknown_registry:
            self._remember_one_scope(scheme)
            return
        granted = bearer.granted(token.value)
        if granted is None:
            self._opaque.add(token.value)
        elif granted.intersection(group) <= {group[0]}:
            self._remember_one_scope(scheme)
        for repository in group:
            if granted is None or repository in granted:
                key = self._auth.token_key(scheme, repository)
                self._cache.put(key, token.value, token.seconds)

    def _takes_one_scope(self, scheme: Scheme) -> bool:
        return self._cache.peek(self._one_scope_key(scheme)) is not None

    def _remember_one_scope(self, scheme: Scheme) -> None:
        self._cache.put(self._one_scope_key(scheme), "one by one", SCHEME_SECONDS)

    def _one_scope_key(self, scheme: Scheme) -> str:
        return self._cache.key("batch", scheme.realm, scheme.service)
