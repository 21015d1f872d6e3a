"""`TokenServer`: gets bearer tokens, and decides which token servers receive the credentials.

A registry names its token server in a challenge, and a hostile one can name any server. So the
credentials are only sent to the registry's own origin and to the realms of its endpoint.
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
    """The way to sign in to a registry: `open`, `basic`, or `bearer` with its token server."""

    name: str
    realm: str = ""
    service: str = ""


class TokenServer:
    """Requests of one account to the token servers that its registry names."""

    def __init__(self, context: Context, account: Account) -> None:
        self._context = context
        self._account = account
        self._trusted = tuple(Url.parse(realm).origin for realm in context.endpoint.realms)

    def scheme(self, params: Mapping[str, str], base: str) -> Scheme:
        """Return the scheme of a Bearer challenge of the registry at `base`.

        The realm may be a relative URL, and its query is kept. If it names a target of `ENDPOINTS`,
        it is replaced by the original. Raises Unreachable if it is no valid URL.
        """
        registry = Url.parse(base)
        realm = None
        try:
            url = urldefrag(urljoin(f"{base}/v2/", params["realm"])).url
            url = self._context.transport.original(url, (registry.origin, *self._trusted))
            realm = str(Url.parse(url))
        except ValueError:
            pass
        if realm is None:
            raise Unreachable("bad_answer", host=registry.authority)
        return Scheme("bearer", realm, params.get("service", ""))

    def may_receive_credentials(self, scheme: Scheme, base: str, *, strict: bool) -> bool:
        """Return whether the token server may receive the credentials for the registry at `base`.

        False means that it may be asked without credentials: because there are none, or because
        the endpoint allows it and `strict` is off. Otherwise this raises Misconfigured.
        """
        registry, server = Url.parse(base), Url.parse(scheme.realm)
        if registry.scheme == "https" and server.scheme != "https":
            raise Misconfigured("insecure_realm", host=server.authority)
        if server.origin == registry.origin or server.origin in self._trusted:
            return True
        allowed = self._context.endpoint.anonymous_elsewhere and not strict
        if allowed or self._account.is_anonymous:
            return False
        if self._context.endpoint.fixed_realm:
            raise Misconfigured("foreign_realm", host=server.authority)
        # Rebuilt from its parts, so that it can be copied into the row as it stands.
        raise Misconfigured("untrusted_realm", host=server.authority, realm=server.origin)

    def token(
        self, scheme: Scheme, base: str, scopes: Sequence[str], *, several: bool = False
    ) -> bearer.Token:
        """Return a token for `scopes`, maybe of `several` repositories. Raises ClientError."""
        may_send = self.may_receive_credentials(scheme, base, strict=False)
        presented = self._account.presented() if may_send else None
        response = self._ask(scheme, scopes, presented)
        stale = response.status == 401 or response.status in self._context.endpoint.renew_on
        # Only exchanged credentials are renewed. GitLab blocks clients that repeat a refused token.
        if stale and presented and (renewed := self._account.renewed(presented)):
            presented = renewed
            response = self._ask(scheme, scopes, presented)
        if response.status in {400, 404} and scopes and not several:
            self._raise_if_name_refused(scheme, base, presented)
        if presented is None or self._account.is_exchanged:
            # Without credentials, or with ones that a cloud has just given, a refusal is about the
            # repository.
            denied = ImageDenied("no_access_to_image")
            return self._read(response, scheme, refused=denied, forbidden=denied)
        if response.status == 403 and scopes and not self._is_blocked(response):
            # A request without scope shows whether the account or the repository is refused.
            self.proof(scheme, base, presented)
            raise ImageDenied("no_access_to_image")
        return self._read_account_token(response, scheme)

    def accepts_guests(self, scheme: Scheme, base: str) -> bool:
        """Return whether guests get a token without credentials. Raises ClientError.

        Harbor and Quay give guests a token only for a repository, but for any, with fewer rights.
        So a token for an invented repository is requested as well. Sources: goharbor/harbor,
        src/core/service/token/creator.go; quay/quay, endpoints/v2/v2auth.py.
        """
        self.may_receive_credentials(scheme, base, strict=True)
        response = self._ask(scheme, (), None)
        if response.status in {400, 401, 403}:
            invented_scope = f"repository:nobody/{secrets.token_hex(12)}:pull"
            response = self._ask(scheme, (invented_scope,), None)
        if response.status in {401, 403}:
            return False
        denied = ImageDenied("no_access_to_image")
        self._read(response, scheme, refused=denied, forbidden=denied)
        return True

    def proof(self, scheme: Scheme, base: str, presented: Presented | None) -> bearer.Token:
        """Return a token without scope, which proves that the credentials are accepted.

        Raises ClientError: Rejected or Misconfigured if they are not.
        """
        self.may_receive_credentials(scheme, base, strict=True)
        return self._read_account_token(self._ask(scheme, (), presented), scheme)

    def _ask(self, scheme: Scheme, scopes: Sequence[str], presented: Presented | None) -> Response:
        request, deadline = self._context.transport.request, self._context.deadline
        fields = {"service": scheme.service} if scheme.service else {}
        if isinstance(presented, IdentityToken):
            # Source: Azure/acr, docs/AAD-OAuth.md.
            fields |= {"grant_type": "refresh_token", "refresh_token": presented.token}
            fields |= {"scope": " ".join(scopes)} if scopes else {}
            return request("POST", scheme.realm, form=fields, deadline=deadline, limit=TOKEN_LIMIT)
        query = urlencode([*fields.items(), *(("scope", scope) for scope in scopes)])
        separator = "&" if "?" in scheme.realm else "?"
        return request(
            "GET",
            f"{scheme.realm}{separator}{query}" if query else scheme.realm,
            authorization=basic(presented) if presented else None,
            deadline=deadline,
            limit=TOKEN_LIMIT,
        )

    def _raise_if_name_refused(
        self, scheme: Scheme, base: str, presented: Presented | None
    ) -> None:
        """Raise NotFound if the token server refuses requests because of the repository's name.

        DigitalOcean and Quay answer 400 to a name that none of their repositories can have. A
        server that does not know this registry also answers 400, but for every request: then the
        one without scope raises its own error.
        """
        if presented is None:
            denied = ImageDenied("no_access_to_image")
            with suppress(ImageDenied):
                self._read(self._ask(scheme, (), None), scheme, refused=denied, forbidden=denied)
        else:
            self.proof(scheme, base, presented)
        raise NotFound("name_refused")

    def _is_blocked(self, response: Response) -> bool:
        """Return whether a 403 means that the site is blocked, not that the token may not read.

        GitLab's code for a token that may not read the registry is DENIED. Clients that it blocks,
        or that a firewall blocks, get a plain page. Source: GitLab,
        app/services/auth/container_registry_authentication_service.rb; the gem rack-attack.
        """
        return self._explains_403 and "DENIED" not in responses.error_codes(response.body)

    @property
    def _explains_403(self) -> bool:
        return CODES[self._context.endpoint.forbidden].verdict is not Verdict.REJECTED

    def _read_account_token(self, response: Response, scheme: Scheme) -> bearer.Token:
        host = Url.parse(scheme.realm).authority
        is_page = responses.is_from_intermediary(response)
        if response.status == 403 and (
            self._is_blocked(response) if self._explains_403 else is_page
        ):
            raise Misconfigured("token_server_refused", host=host)
        code = self._context.endpoint.forbidden
        return self._read(
            response,
            scheme,
            refused=Rejected("bad_credentials"),
            forbidden=Misconfigured(code, host=host) if self._explains_403 else Rejected(code),
        )

    def _read(
        self, response: Response, scheme: Scheme, *, refused: ClientError, forbidden: ClientError
    ) -> bearer.Token:
        """Return the token in a response; `refused` is raised for 401 and `forbidden` for 403."""
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
        raise responses.temporary_error(response.status, response.headers, host) or Misconfigured(
            "bad_token_server", host=host
        )
