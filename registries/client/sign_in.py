"""Signs in to prove that the credentials work, without using the cache."""

from registries.client import bearer, responses
from registries.client.auth import BASIC, OPEN, Authorizer, is_registry
from registries.client.errors import Misconfigured, Rejected
from registries.client.tokenserver import Scheme
from registries.endpoint import Proof


def sign_in(auth: Authorizer) -> str:
    """Sign in and return the code of the result. Raises ClientError if it fails.

    `guests_refused` is returned, not raised, because an image may still be public.
    """
    account, step = auth.account, auth.context.deadline.step
    if auth.context.endpoint.proof is Proof.EXCHANGE and account.is_exchanged:
        with step("credentials"):
            account.renew()
        return "signed_in"
    with step("registry"):
        scheme = auth.ping()
        if account.is_anonymous and scheme.name == "bearer":
            return _check_anonymous(auth, scheme)
    if scheme == OPEN:
        return "public" if account.is_anonymous else "open_registry"
    with step("credentials"):
        return _check_basic(auth) if scheme == BASIC else _check_token(auth, scheme)


def _check_anonymous(auth: Authorizer, scheme: Scheme) -> str:
    if auth.server.accepts_guests(scheme, auth.base):
        return "public"
    return "public_by_image" if auth.context.endpoint.guests_by_image else "guests_refused"


def _check_basic(auth: Authorizer) -> str:
    if auth.account.is_anonymous:
        raise Misconfigured("credentials_required")
    grant = auth.basic()
    response = auth.ask_root(grant.authorization)
    if is_registry(response):
        return "signed_in"
    host = auth.registry_url.authority
    if response.status == 403 and responses.is_from_intermediary(response):
        raise Misconfigured("token_server_refused", host=host)
    if response.status in {401, 403}:
        raise Rejected("bad_credentials")
    error = responses.temporary_error(response.status, response.headers, host)
    raise error or Misconfigured("not_a_registry", host=host)


def _check_token(auth: Authorizer, scheme: Scheme) -> str:
    token = auth.server.proof(scheme, auth.base, auth.account.presented())
    return _check_user_id(token) if auth.context.endpoint.proof is Proof.USER_ID else "signed_in"


def _check_user_id(token: bearer.Token) -> str:
    """Check the user of the token: Gitea and Forgejo also give guests a token, with the user -1.

    Source: go-gitea/gitea, services/packages/auth.go.
    """
    user = (bearer.payload(token.value) or {}).get("UserID")
    if isinstance(user, bool) or not isinstance(user, int):
        return "no_proof"
    if user <= 0:
        raise Rejected("ghost_token")
    return "signed_in"
