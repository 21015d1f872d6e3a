"""Signing in to prove that the credentials work, whatever is remembered."""

from registries.client import bearer, responses
from registries.client.auth import BASIC, OPEN, Authorizer, is_registry
from registries.client.errors import Misconfigured, Rejected
from registries.client.tokenserver import Scheme
from registries.endpoint import Proof


def sign_in(auth: Authorizer) -> str:
    """Sign in now and return the code of what it shows; raises ClientError where it fails.

    That guests are refused is returned, not raised: an image may still be for everybody.
    """
    account, step = auth.account, auth.context.deadline.step
    if auth.context.endpoint.proof is Proof.EXCHANGE and account.is_exchanged:
        with step("credentials"):
            account.exchange_anew()
        return "signed_in"
    with step("registry"):
        scheme = auth.ping()
        if account.is_anonymous and scheme.name == "bearer":
            return _as_guest(auth, scheme)
    if scheme == OPEN:
        return "public" if account.is_anonymous else "open_registry"
    with step("credentials"):
        return _by_basic(auth) if scheme == BASIC else _by_token(auth, scheme)


def _as_guest(auth: Authorizer, scheme: Scheme) -> str:
    if auth.server.admits_guests(scheme, auth.base):
        return "public"
    return "public_by_image" if auth.context.endpoint.guests_by_image else "guests_refused"


def _by_basic(auth: Authorizer) -> str:
    if auth.account.is_anonymous:
        raise Misconfigured("credentials_required")
    grant = auth.basic()
    response = auth.ask_root(grant.authorization)
    if is_registry(response):
        return "signed_in"
    host = auth.own.authority
    if response.status == 403 and responses.is_of_another(response):
        raise Misconfigured("token_server_refused", host=host)
    if response.status in {401, 403}:
        raise Rejected("bad_credentials")
    error = responses.trouble(response.status, response.headers, host)
    raise error or Misconfigured("not_a_registry", host=host)


def _by_token(auth: Authorizer, scheme: Scheme) -> str:
    token = auth.server.proof(scheme, auth.base, auth.account.presented())
    return _by_user(token) if auth.context.endpoint.proof is Proof.USER_ID else "signed_in"


def _by_user(token: bearer.Token) -> str:
    """Gitea and Forgejo answer a guest with a token as well, whose user is -1.

    Source: go-gitea/gitea, services/packages/auth.go.
    """
    user = (bearer.payload(token.value) or {}).get("UserID")
    if isinstance(user, bool) or not isinstance(user, int):
        return "no_proof"
    if user <= 0:
        raise Rejected("ghost_token")
    return "signed_in"
