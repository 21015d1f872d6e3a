"""`Authorizer`: how a registry is signed in to, and the Authorization of each request.

First `/v2/` is requested without credentials. The challenge in the response says whether to use
Basic, or which token server gives bearer tokens for a repository. The challenge and the tokens are
cached, so that later requests need one round trip. A refused request is sent once more, with a
newer token or with the scope that the registry demanded.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from registries.client import responses
from registries.client.account import Account, basic
from registries.client.challenge import Challenge, parse_all
from registries.client.context import Context
from registries.client.errors import ClientError, ImageDenied, Misconfigured, Rejected
from registries.client.tokenserver import Scheme, TokenServer
from registries.client.transport import Response
from registries.client.urls import Url
from registries.credentials import Basic, Credential, IdentityToken

ANSWER_LIMIT = 1024 * 1024
# Seconds for which the way to sign in to a registry is cached.
SCHEME_SECONDS = 3600.0

BASIC, OPEN = Scheme("basic"), Scheme("open")


@dataclass(frozen=True, slots=True)
class Grant:
    """The Authorization of a request.

    presented: what it was made from if it is Basic. token: the same if it is Bearer.
    fresh: whether the token was made for this request. If it is refused, no newer one is tried.
    """

    scheme: Scheme
    authorization: str | None = field(default=None, repr=False)
    presented: Basic | None = None
    token: str = field(default="", repr=False)
    fresh: bool = True


class Authorizer:
    """Signs in to one registry with one account. Threads may share it."""

    def __init__(self, context: Context, credential: Credential) -> None:
        self.context = context
        self.account = Account(context, credential)
        self.server = TokenServer(context, self.account)
        # The way to sign in, and whether the registry was asked for it during this call.
        self._scheme: tuple[Scheme, bool] | None = None

    @cached_property
    def base(self) -> str:
        """The registry's address without `/v2/`. Raises ClientError if it is not known."""
        return self.context.endpoint.url or self.account.registry()

    @cached_property
    def registry_url(self) -> Url:
        return Url.parse(self.base)

    def ping(self) -> Scheme:
        """Ask the registry how to sign in, without credentials, and cache the answer."""
        response = self.ask_root(None)
        scheme = None
        if is_registry(response):
            scheme = OPEN
        elif response.status == 401:
            scheme = self._supported_scheme(_challenges(response))
        if scheme is None:
            host = self.registry_url.authority
            error = responses.temporary_error(response.status, response.headers, host)
            raise error or Misconfigured(_root_error(response), host=host)
        self._remember(scheme)
        return scheme

    def ask_root(self, authorization: str | None) -> Response:
        """Return the registry's response at `/v2/`."""
        return self.context.transport.request(
            "GET",
            f"{self.base}/v2/",
            authorization=authorization,
            deadline=self.context.deadline,
            limit=ANSWER_LIMIT,
        )

    def scheme(self) -> Scheme:
        """Return the way to sign in, from the cache or from the registry."""
        if self._scheme is None:
            text, fresh = self.context.cache.get(
                self._scheme_key, lambda: (_dump(self.ping()), SCHEME_SECONDS)
            )
            self._scheme = Scheme(*json.loads(text)), fresh
        return self._scheme[0]

    def grant(self, repository: str) -> Grant:
        """Return the grant for a request about a repository. Raises ClientError."""
        scheme = self.scheme()
        if scheme.name == "bearer":
            return self._bearer(scheme, repository)
        return self.basic() if scheme == BASIC else Grant(scheme)

    def basic(self) -> Grant:
        """Return the grant for a registry that asks for Basic. Raises ClientError."""
        presented = self.account.presented()
        if isinstance(presented, IdentityToken):
            raise Misconfigured("unsupported_scheme")
        return Grant(BASIC, basic(presented), presented) if presented else Grant(BASIC)

    def renew(self, repository: str, grant: Grant, response: Response) -> Grant | None:
        """Return another grant to try after a refusal, or None. Raises ClientError."""
        if response.status != 401:
            return self._newer(repository, grant)
        challenges = _challenges(response)
        requested = self._supported_scheme(challenges) or grant.scheme
        if requested == BASIC and grant.scheme.name == "bearer":
            # Gitea asks for Basic if a token has no access. Or the cached scheme is out of date.
            remembered = self._scheme is not None and not self._scheme[1]
            if remembered and self.ping() != grant.scheme:
                return self.grant(repository)
            return self._newer(repository, grant)
        demanded = self._demanded(repository, requested, challenges)
        if requested == grant.scheme and not demanded:
            return self._newer(repository, grant)
        if requested != BASIC:
            # This raises if the token server is refused. Then it is not remembered either.
            self.server.may_receive_credentials(requested, self.base, strict=False)
        self._remember(requested)
        if requested == BASIC:
            return None if self.account.is_anonymous else self.basic()
        return self._bearer(requested, repository, demanded=demanded, stale=grant.token)

    def may_become_valid(self, grant: Grant, response: Response) -> bool:
        """Return whether a new token was refused as invalid (RFC 6750, section 3.1).

        If token server and registry are several machines, they may not know the token yet.
        """
        is_new = grant.scheme.name == "bearer" and grant.fresh and response.status == 401
        return is_new and any(
            challenge.scheme == "bearer" and challenge.params.get("error") == "invalid_token"
            for challenge in _challenges(response)
        )

    def refusal(self, grant: Grant, response: Response) -> ClientError:
        """Return the error for a request with `grant` that finally got a 401."""
        if self.account.is_exchanged or grant.scheme.name == "bearer":
            return ImageDenied("no_access_to_image")
        if not self.account.is_anonymous:
            return Rejected("bad_credentials")
        requested = self._supported_scheme(_challenges(response))
        return Misconfigured("credentials_required" if requested == BASIC else "unsupported_scheme")

    def scope(self, repository: str) -> str:
        return f"repository:{repository}:{self.context.endpoint.actions}"

    def token_key(self, scheme: Scheme, repository: str) -> str:
        """Return the cache key of the token for a repository."""
        scope = self.scope(repository)
        return self.context.cache.key("token", self.base, scheme.realm, scheme.service, scope)

    def _supported_scheme(self, challenges: Iterable[Challenge]) -> Scheme | None:
        """Return the first supported challenge, Bearer before Basic; None if there is none."""
        scheme = None
        for challenge in challenges:
            if challenge.scheme == "bearer" and challenge.params.get("realm"):
                return self.server.scheme(challenge.params, self.base)
            if challenge.scheme == "basic":
                scheme = BASIC
        return scheme

    @cached_property
    def _scheme_key(self) -> str:
        return self.context.cache.key("scheme", self.base)

    def _remember(self, scheme: Scheme) -> None:
        self._scheme = scheme, True
        self.context.cache.put(self._scheme_key, _dump(scheme), SCHEME_SECONDS)

    def _bearer(
        self,
        scheme: Scheme,
        repository: str,
        *,
        demanded: Sequence[str] = (),
        stale: str | None = None,
    ) -> Grant:
        # Some servers grant only the first scope, so the one that was demanded comes first.
        scopes = (*demanded, self.scope(repository))

        def fetch() -> tuple[str, float]:
            token = self.server.token(scheme, self.base, scopes)
            return token.value, token.seconds

        key = self.token_key(scheme, repository)
        text, fresh = self.context.cache.get(key, fetch, stale)
        return Grant(scheme, f"Bearer {text}", token=text, fresh=fresh)

    def _newer(self, repository: str, grant: Grant) -> Grant | None:
        """Return a grant that is newer than the refused one, or None."""
        if grant.scheme.name == "bearer":
            if grant.fresh:
                return None
            return self._bearer(grant.scheme, repository, stale=grant.token)
        renewed = self.account.renewed(grant.presented) if grant.presented else None
        return self.basic() if renewed else None

    def _demanded(
        self, repository: str, scheme: Scheme, challenges: Iterable[Challenge]
    ) -> tuple[str, ...]:
        """Return the scopes that a refusal asks for, besides the one that was requested.

        A registry must not obtain rights on other repositories from a token server that is not its
        own, so there only more actions on this repository are requested.
        """
        if scheme.name != "bearer":
            return ()
        own_resource, _, actions = self.scope(repository).rpartition(":")
        at_home = Url.parse(scheme.realm).origin == self.registry_url.origin
        texts = (c.params.get("scope", "") for c in challenges if c.scheme == "bearer")
        scopes = []
        for scope in next(texts, "").split()[:4]:
            resource, _, wanted_actions = scope.rpartition(":")
            if resource == own_resource:
                is_new = not set(wanted_actions.split(",")) <= set(actions.split(","))
            else:
                is_new = at_home and scope != "*" and len(scope) <= 512
            if is_new:
                scopes.append(scope)
        return tuple(scopes)


def is_registry(response: Response) -> bool:
    """Return whether the response at `/v2/` is that of a registry that accepted the request.

    Web sites also answer 200 there, with a page, and some servers answer 200 with an error.
    """
    kind = response.headers.get("Content-Type", "").strip().lower()
    has_version = "Docker-Distribution-Api-Version" in response.headers
    is_no_page = has_version or not kind.startswith("text/html")
    return response.status == 200 and is_no_page and not responses.error_codes(response.body)


def _root_error(response: Response) -> str:
    """Return the code for a response at `/v2/` that has no challenge that is supported."""
    # An Azure registry answers 403 if its firewall does not allow the calling address:
    # https://github.com/docker/build-push-action/issues/1214
    if response.status == 403 and responses.is_error(response):
        return "site_refused"
    has_challenge = response.headers["WWW-Authenticate"] is not None
    # A registry's own 401 without the header means that a proxy in between removed it.
    wants_sign_in = has_challenge or (response.status == 401 and responses.is_error(response))
    return "unsupported_scheme" if wants_sign_in else "not_a_registry"


def _challenges(response: Response) -> list[Challenge]:
    return parse_all(response.header_lines("WWW-Authenticate"))


def _dump(scheme: Scheme) -> str:
    return json.dumps([scheme.name, scheme.realm, scheme.service])
