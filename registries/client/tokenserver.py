"""Token servers: which may have the credentials, and the bearer tokens they hand out.

A registry names its token server in a challenge, so a hostile registry names whom it likes: the
credentials go to the registry's own origin and to those that the endpoint names, nowhere else.
Source: distribution/distribution, docs/content/spec/auth/token.md.
"""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urldefrag, urlencode, urljoin

from registries.client import bearer, responses
from registries.client.account import Account, Presented, basic
from registries.client.context import Context
from registries.client.errors import (
    ClientError,
    ImageDenied,
    Misconfigured,
    NotFound,
    Rejected,
    Unreachable,
)
from registries.client.transport import Response
from registries.client.urls import Url
from registries.credentials import IdentityToken
from registries.verdicts import CODES, Verdict

TOKEN_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a registry asks to sign in: `open`, `basic`, or `bearer` with its token server."""

    name: str
    realm: str = ""
    service: str = ""


class TokenServer:
    """The token servers of one client's registry."""

    def __init__(self, context: Context, account: Account) -> None:
        self._context = context
        self._account = account
        self._trusted = tuple(Url.parse(realm).origin for realm in context.endpoint.realms)

    def scheme(self, params: Mapping[str, str], base: str) -> Scheme:
        """What the registry at `base` asks for with a Bearer challenge.

        The realm may be relative and keeps its query; it is read in the names of our world.
        Raises Unreachable for one that is no address.
        """
        own = Url.parse(base)
        realm = None
        try:
            url = urldefrag(urljoin(f"{base}/v2/", params["realm"])).url
            url = self._context.transport.original(url, (own.origin, *self._trusted))
            realm = str(Url.parse(url))
        except ValueError:
            pass
        if realm is None:
            raise Unreachable("bad_answer", host=own.authority)
        return Scheme("bearer", realm, params.get("service", ""))

    def may_know(self, scheme: Scheme, base: str, *, strict: bool) -> bool:
        """Whether the token server may have the credentials of the registry at `base`.

        Raises Misconfigured where it may not; unless the endpoint, or having no credentials,
        allows to ask without them and it need not be `strict`.
        """
        own, place = Url.parse(base), Url.parse(scheme.realm)
        if own.scheme == "https" and place.scheme != "https":
            raise Misconfigured("insecure_realm", host=place.authority)
        if place.origin == own.origin or place.origin in self._trusted:
            return True
        allowed = self._context.endpoint.anonymous_elsewhere and not strict
        if allowed or self._account.is_anonymous:
            return False
        if self._context.endpoint.fixed_realm:
            raise Misconfigured("foreign_realm", host=place.authority)
        # Rebuilt from its parts, so that it can be copied into the row as it stands.
        raise Misconfigured("untrusted_realm", host=place.authority, realm=place.origin)

    def token(
        self, scheme: Scheme, base: str, scopes: Sequence[str], *, several: bool = False
    ) -> bearer.Token:
        """A token for `scopes`, which may be about `several` repositories. Raises ClientError."""
        known = self.may_know(scheme, base, strict=False)
        presented = self._account.presented() if known else None
        response = self._ask(scheme, scopes, presented)
        stale = response.status == 401 or response.status in self._context.endpoint.renew_on
        # Only what a cloud gave is tried again: GitLab bans whoever repeats a refused token.
        if stale and presented and (renewed := self._account.renewed(presented)):
            presented = renewed
            response = self._ask(scheme, scopes, presented)
        if response.status in {400, 404} and scopes and not several:
            self._blame_name(scheme, base, presented)
        if presented is None or self._account.is_exchanged:
            # Nobody's credentials, or good ones: it is the repository that is refused.
            denied = ImageDenied("no_access_to_image")
            return self._read(response, scheme, refused=denied, forbidden=denied)
        if response.status == 403 and scopes and not self._is_banned(response):
            # The account, or the repository? Without a scope only the account is left to refuse.
            self.proof(scheme, base, presented)
            raise ImageDenied("no_access_to_image")
        return self._read_of_account(response, scheme)

    def admits_guests(self, scheme: Scheme, base: str) -> bool:
        """Whether it gives a token to somebody without credentials. Raises ClientError.

        Harbor and Quay give a guest none unless it is for a repository, but then for any, with
        fewer rights: so a repository that nobody has is asked for as well. Sources:
        goharbor/harbor, src/core/service/token/creator.go; quay/quay, endpoints/v2/v2auth.py.
        """
        self.may_know(scheme, base, strict=True)
        response = self._ask(scheme, (), None)
        if response.status in {400, 401, 403}:
            nobodys = f"repository:nobody/{secrets.token_hex(12)}:pull"
            response = self._ask(scheme, (nobodys,), None)
        if response.status in {401, 403}:
            return False
        denied = ImageDenied("no_access_to_image")
        self._read(response, scheme, refused=denied, forbidden=denied)
        return True

    def proof(self, scheme: Scheme, base: str, presented: Presented | None) -> bearer.Token:
        """A token without scope, to see whether these credentials are accepted.

        Raises ClientError: Rejected or Misconfigured where they are not.
        """
        self.may_know(scheme, base, strict=True)
        return self._read_of_account(self._ask(scheme, (), presented), scheme)

    def _ask(self, scheme: Scheme, scopes: Sequence[str], presented: Presented | None) -> Response:
        request, deadline = self._context.transport.request, self._context.deadline
        fields = {"service": scheme.service} if scheme.service else {}
        if isinstance(presented, IdentityToken):
            # Source: Azure/acr, docs/AAD-OAuth.md.
            fields |= {"grant_type": "refresh_token", "refresh_token": presented.token}
            fields |= {"scope": " ".join(scopes)} if scopes else {}
            return request("POST", scheme.realm, form=fields, deadline=deadline, limit=TOKEN_LIMIT)
        query = urlencode([*fields.items(), *(("scope", scope) for scope in scopes)])
        joint = "&" if "?" in scheme.realm else "?"
        return request(
            "GET",
            f"{scheme.realm}{joint}{query}" if query else scheme.realm,
            authorization=basic(presented) if presented else None,
            deadline=deadline,
            limit=TOKEN_LIMIT,
        )

    def _blame_name(self, scheme: Scheme, base: str, presented: Presented | None) -> None:
        """Raise NotFound where the token server refuses the repository's name and nothing else.

        DigitalOcean and Quay answer 400 to a name that cannot be one of theirs. A server that
        does not know this registry says the same without any repository.
        """
        if presented is None:
            denied = ImageDenied("no_access_to_image")
            with suppress(ImageDenied):
                self._read(self._ask(scheme, (), None), scheme, refused=denied, forbidden=denied)
        else:
            self.proof(scheme, base, presented)
        raise NotFound("name_refused")

    def _is_banned(self, response: Response) -> bool:
        """Whether a 403 is somebody else's word where the token server has its own for it.

        GitLab says DENIED of a token that may not read the registry. Whoever it has banned, and
        whoever a firewall stops, gets a plain page. Source: GitLab,
        app/services/auth/container_registry_authentication_service.rb; the gem rack-attack.
        """
        return self._says_why and "DENIED" not in responses.error_codes(response.body)

    @property
    def _says_why(self) -> bool:
        return CODES[self._context.endpoint.forbidden].verdict is not Verdict.REJECTED

    def _read_of_account(self, response: Response, scheme: Scheme) -> bearer.Token:
        page = responses.is_of_another(response)
        if response.status == 403 and (self._is_banned(response) if self._says_why else page):
            host = Url.parse(scheme.realm).authority
            raise Misconfigured("token_server_refused", host=host)
        code = self._context.endpoint.forbidden
        return self._read(
            response,
            scheme,
            refused=Rejected("bad_credentials"),
            forbidden=Misconfigured(code) if self._says_why else Rejected(code),
        )

    def _read(
        self, response: Response, scheme: Scheme, *, refused: ClientError, forbidden: ClientError
    ) -> bearer.Token:
        """The token in an answer; `refused` and `forbidden` are what 401 and 403 mean."""
        host = Url.parse(scheme.realm).authority
        match response.status:
            case 200:
                if token := bearer.read(response.body):
                    return token
                raise Unreachable("bad_answer", host=host)
            case 401:
                raise refused
            case 403:
                raise forbidden
        raise responses.trouble(response.status, response.headers, host) or Misconfigured(
            "bad_token_server", host=host
        )
