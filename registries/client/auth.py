"""Signing in: what a registry asks for, and what each request about a repository is sent with.

The handshake: ping `/v2/` without credentials, read the challenge, fetch a bearer token for the
repository from the token server that it names, or send Basic. Both are remembered, so that the
next request goes out alone. A refusal is answered once, with a newer token or the scope that the
registry demanded.
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
# For how long it is remembered how a registry asks to sign in, in seconds.
REMEMBERED = 3600.0

BASIC, OPEN = Scheme("basic"), Scheme("open")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a request is sent with.

    presented: what the Authorization is made of, where it is Basic. token: where it is Bearer.
    fresh: the token was made for this request; when it is refused, there is nothing newer to try.
    """

    scheme: Scheme
    authorization: str | None = field(default=None, repr=False)
    presented: Basic | None = None
    token: str = field(default="", repr=False)
    fresh: bool = True


class Authorizer:
    """Signs in to one registry as one account; threads may share it."""

    def __init__(self, context: Context, credential: Credential) -> None:
        self.context = context
        self.account = Account(context, credential)
        self.server = TokenServer(context, self.account)
        # How the registry asks to sign in, and whether it said so just now.
        self._scheme: tuple[Scheme, bool] | None = None

    @cached_property
    def base(self) -> str:
        """The registry's address, without `/v2/`. Raises ClientError where none is known."""
        return self.context.endpoint.url or self.account.registry()

    @cached_property
    def own(self) -> Url:
        return Url.parse(self.base)

    def ping(self) -> Scheme:
        """Ask the registry, without credentials, how to sign in, and remember it."""
        response = self.ask_root(None)
        scheme = None
        if is_registry(response):
            scheme = OPEN
        elif response.status == 401:
            scheme = self._asked(_challenges(response))
        if scheme is None:
            error = responses.trouble(response.status, response.headers, self.own.authority)
            raise error or Misconfigured(_no_way_in(response), host=self.own.authority)
        self._remember(scheme)
        return scheme

    def ask_root(self, authorization: str | None) -> Response:
        """The registry's answer at `/v2/`."""
        return self.context.transport.request(
            "GET",
            f"{self.base}/v2/",
            authorization=authorization,
            deadline=self.context.deadline,
            limit=ANSWER_LIMIT,
        )

    def scheme(self) -> Scheme:
        """How the registry asks to sign in, as it is remembered or as it says now."""
        if self._scheme is None:
            text, fresh = self.context.kept.get(
                self._scheme_key, lambda: (_dump(self.ping()), REMEMBERED)
            )
            self._scheme = Scheme(*json.loads(text)), fresh
        return self._scheme[0]

    def grant(self, repository: str) -> Grant:
        """What a request about a repository is sent with. Raises ClientError."""
        scheme = self.scheme()
        if scheme.name == "bearer":
            return self._bearer(scheme, repository)
        return self.basic() if scheme == BASIC else Grant(scheme)

    def basic(self) -> Grant:
        """What a request is sent with to a registry that asks for Basic. Raises ClientError."""
        presented = self.account.presented()
        if isinstance(presented, IdentityToken):
            raise Misconfigured("unsupported_scheme")
        return Grant(BASIC, basic(presented), presented) if presented else Grant(BASIC)

    def renew(self, repository: str, grant: Grant, response: Response) -> Grant | None:
        """A better grant after a refusal; None where the refusal stands. Raises ClientError."""
        if response.status != 401:
            return self._newer(repository, grant)
        challenges = _challenges(response)
        asked = self._asked(challenges) or grant.scheme
        if asked == BASIC and grant.scheme.name == "bearer":
            # Gitea's word for "no access"; or what is remembered is out of date.
            remembered = self._scheme is not None and not self._scheme[1]
            if remembered and self.ping() != grant.scheme:
                return self.grant(repository)
            return self._newer(repository, grant)
        demanded = self._demanded(repository, asked, challenges)
        if asked == grant.scheme and not demanded:
            return self._newer(repository, grant)
        self._remember(asked)
        if asked == BASIC:
            return None if self.account.is_anonymous else self.basic()
        return self._bearer(asked, repository, demanded=demanded, stale=grant.token)

    def may_come_to_be_known(self, grant: Grant, response: Response) -> bool:
        """Whether a new token was refused as one that nobody knows (RFC 6750, section 3.1).

        Where token server and registry are several machines, the word of it has to arrive first.
        """
        is_new = grant.scheme.name == "bearer" and grant.fresh and response.status == 401
        return is_new and any(
            challenge.scheme == "bearer" and challenge.params.get("error") == "invalid_token"
            for challenge in _challenges(response)
        )

    def refusal(self, grant: Grant, response: Response) -> ClientError:
        """What the 401 means that a request with `grant` was answered with at last."""
        if self.account.is_exchanged or grant.scheme.name == "bearer":
            return ImageDenied("no_access_to_image")
        if not self.account.is_anonymous:
            return Rejected("bad_credentials")
        asked = self._asked(_challenges(response))
        return Misconfigured("credentials_required" if asked == BASIC else "unsupported_scheme")

    def scope(self, repository: str) -> str:
        return f"repository:{repository}:{self.context.endpoint.actions}"

    def token_key(self, scheme: Scheme, repository: str) -> str:
        """Where the token for a repository is kept."""
        scope = self.scope(repository)
        return self.context.kept.key("token", self.base, scheme.realm, scheme.service, scope)

    def _asked(self, challenges: Iterable[Challenge]) -> Scheme | None:
        """The way to sign in that we speak: Bearer before Basic; None for another."""
        found = None
        for challenge in challenges:
            if challenge.scheme == "bearer" and challenge.params.get("realm"):
                return self.server.scheme(challenge.params, self.base)
            if challenge.scheme == "basic":
                found = BASIC
        return found

    @cached_property
    def _scheme_key(self) -> str:
        return self.context.kept.key("scheme", self.base)

    def _remember(self, scheme: Scheme) -> None:
        self._scheme = scheme, True
        self.context.kept.put(self._scheme_key, _dump(scheme), REMEMBERED)

    def _bearer(
        self,
        scheme: Scheme,
        repository: str,
        *,
        demanded: Sequence[str] = (),
        stale: str | None = None,
    ) -> Grant:
        # Some servers grant the first scope alone: the one that was demanded goes first.
        scopes = (*demanded, self.scope(repository))

        def fetch() -> tuple[str, float]:
            token = self.server.token(scheme, self.base, scopes)
            return token.value, token.seconds

        key = self.token_key(scheme, repository)
        text, fresh = self.context.kept.get(key, fetch, stale)
        return Grant(scheme, f"Bearer {text}", token=text, fresh=fresh)

    def _newer(self, repository: str, grant: Grant) -> Grant | None:
        """A grant that is younger than one that was refused."""
        if grant.scheme.name == "bearer":
            if grant.fresh:
                return None
            return self._bearer(grant.scheme, repository, stale=grant.token)
        renewed = self.account.renewed(grant.presented) if grant.presented else None
        return self.basic() if renewed else None

    def _demanded(
        self, repository: str, scheme: Scheme, challenges: Iterable[Challenge]
    ) -> tuple[str, ...]:
        """The scopes that a refusal asks for beyond our own.

        A token server elsewhere is asked for this repository alone: the registry that demands is
        not the one whose rights are given away.
        """
        if scheme.name != "bearer":
            return ()
        mine, _, actions = self.scope(repository).rpartition(":")
        at_home = Url.parse(scheme.realm).origin == self.own.origin
        texts = (c.params.get("scope", "") for c in challenges if c.scheme == "bearer")
        found = []
        for scope in next(texts, "").split()[:4]:
            about, _, wanted = scope.rpartition(":")
            if about == mine:
                is_new = not set(wanted.split(",")) <= set(actions.split(","))
            else:
                is_new = at_home and scope != "*" and len(scope) <= 512
            if is_new:
                found.append(scope)
        return tuple(found)


def is_registry(response: Response) -> bool:
    """Whether a registry let us in at `/v2/`.

    Web sites answer 200 with a page there as well, and some servers with an error.
    """
    kind = response.headers.get("Content-Type", "").strip().lower()
    named = "Docker-Distribution-Api-Version" in response.headers
    is_own = named or not kind.startswith("text/html")
    return response.status == 200 and is_own and not responses.error_codes(response.body)


def _no_way_in(response: Response) -> str:
    """The code of an answer at `/v2/` that neither lets in nor says how to sign in."""
    # So does an Azure registry whose firewall does not know the address that calls:
    # https://github.com/docker/build-push-action/issues/1214
    if response.status == 403 and responses.is_error(response):
        return "site_refused"
    named = response.headers["WWW-Authenticate"] is not None
    # Without it a registry asks for something that we do not understand, or a proxy before it
    # takes the header away.
    asks = named or (response.status == 401 and responses.is_error(response))
    return "unsupported_scheme" if asks else "not_a_registry"


def _challenges(response: Response) -> list[Challenge]:
    return parse_all(response.header_lines("WWW-Authenticate"))


def _dump(scheme: Scheme) -> str:
    return json.dumps([scheme.name, scheme.realm, scheme.service])
