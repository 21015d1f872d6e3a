"""A Microsoft Entra service principal becomes an ACR refresh token, by way of its tenant.

Source: Azure/acr, docs/AAD-OAuth.md.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msal

from registries.client.bearer import payload
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured, Rejected, Unreachable
from registries.client.exchange.base import LIMIT, Exchanged, is_token
from registries.client.responses import document, is_error, trouble
from registries.client.transport import Response, Transport
from registries.client.urls import Url
from registries.credentials import AzurePrincipal, IdentityToken

# By the ending of the login server: who signs its principals in, and for which resource.
# See https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
PUBLIC = "https://login.microsoftonline.com", "https://management.azure.com/.default"
NATIONAL = {
    "cn": (
        "https://login.partner.microsoftonline.cn",
        "https://management.chinacloudapi.cn/.default",
    ),
    "us": ("https://login.microsoftonline.us", "https://management.usgovcloudapi.net/.default"),
}
# A tenant's id or one of its domain names; never `common` or `organizations`.
_TENANT = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+",
    re.ASCII | re.IGNORECASE,
)
# AADSTS codes of a tenant that is not there.
# See https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_NO_TENANT = frozenset({90002, 90013, 900021, 900023})
# And of what was signed too early or too late.
_CLOCK = frozenset({500133, 700024})
# A replica's own name; its token server is the registry's, whose name it says as the service.
# See https://learn.microsoft.com/azure/container-registry/container-registry-endpoint-reference
_REPLICA = re.compile(r"([a-z0-9-]+)\.[a-z0-9-]+\.geo(\.azurecr\.[a-z]+)", re.ASCII)
# A token that does not say how long it lives.
_SHORTEST = timedelta(seconds=60)


def exchange(
    principal: AzurePrincipal, registry: str | None, transport: Transport, deadline: Deadline
) -> Exchanged:
    """Sign in at the tenant, then at the login server `registry`. Raises ClientError."""
    if registry is None:
        raise Misconfigured("image_needed")
    if not _TENANT.fullmatch(principal.tenant_id):
        raise Misconfigured("unknown_tenant")
    place = Url.parse(registry)
    authority, scope = NATIONAL.get(place.host.rpartition(".")[2], PUBLIC)
    call = _Http(transport, deadline, authority)
    token = _sign_in(principal, call, scope)
    outcome = (
        _refresh_token(token, principal.tenant_id, place, call) if isinstance(token, str) else token
    )
    if isinstance(outcome, ClientError):
        # A traceback that shows local values must not show the token.
        del token
        raise outcome.with_traceback(None)
    return outcome


def _sign_in(principal: AzurePrincipal, http: "_Http", scope: str) -> str | ClientError:
    """The tenant's access token for `scope`."""
    try:
        app = msal.ConfidentialClientApplication(
            principal.client_id,
            client_credential=principal.client_secret,
            authority=f"{http.authority}/{principal.tenant_id}",
            # Neither another host's word on which authority is right, nor the environment's.
            instance_discovery=False,
            azure_region=msal.ConfidentialClientApplication.DISABLE_MSAL_FORCE_REGION,
            http_client=http,
        )
        answer = app.acquire_token_for_client([scope])
    except Exception:  # noqa: BLE001 - whatever msal makes of a hostile answer
        return http.failure or Unreachable("bad_answer", host=http.host)
    token = answer.get("access_token")
    if isinstance(token, str) and is_token(token):
        return token
    return _refusal(answer, http.host) or Unreachable("bad_answer", host=http.host)


def _refusal(answer: Mapping[str, Any], host: str) -> ClientError | None:
    """What an error answer of the tenant means (RFC 6749, section 5.2)."""
    named = answer.get("error_codes")
    named = named[:20] if isinstance(named, list) else []
    codes = {code for code in named if isinstance(code, int)}
    if _NO_TENANT.intersection(codes):
        return Misconfigured("unknown_tenant")
    if _CLOCK.intersection(codes):
        return Misconfigured("clock_skew", host=host)
    return Rejected("bad_credentials") if "error" in answer else None


def _refresh_token(
    access_token: str, tenant: str, place: Url, http: "_Http"
) -> Exchanged | ClientError:
    """The login server's refresh token for the tenant's access token."""
    form = {
        "grant_type": "access_token",
        "service": _REPLICA.sub(r"\1\2", place.authority),
        "tenant": tenant,
        "access_token": access_token,
    }
    try:
        response = http.transport.request(
            "POST",
            f"{place.origin}/oauth2/exchange",
            form=form,
            deadline=http.deadline,
            limit=LIMIT,
        )
    except ClientError as error:
        return error.with_traceback(None)
    if response.status in {401, 403}:
        if response.status == 403 and _is_shut(place, http):
            return Misconfigured("site_refused", host=place.authority)
        # The tenant knows the principal; the registry does not let it in.
        return Misconfigured("no_permission")
    if fault := trouble(response.status, response.headers, place.authority):
        return fault
    if response.status == 404:
        return Misconfigured("not_a_registry", host=place.authority)
    token = (document(response.body) or {}).get("refresh_token")
    if response.status != 200 or not isinstance(token, str) or not is_token(token):
        return Unreachable("bad_answer", host=place.authority)
    return Exchanged(IdentityToken(token), _end(token))


def _is_shut(place: Url, http: "_Http") -> bool:
    """Whether the registry's firewall refuses this site: it answers 403 to nobody's ping as well.

    Source: https://github.com/docker/build-push-action/issues/1214.
    """
    try:
        ping = http.transport.request(
            "GET", f"{place.origin}/v2/", deadline=http.deadline, limit=LIMIT
        )
    except ClientError:
        return False
    return ping.status == 403 and is_error(ping)


def _end(token: str) -> datetime:
    try:
        return datetime.fromtimestamp((payload(token) or {})["exp"], UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC) + _SHORTEST


class _Http:
    """msal's HTTP client, over our transport: it talks to the authority and to nobody else.

    failure: why the last request brought nothing that msal can use.
    """

    def __init__(self, transport: Transport, deadline: Deadline, authority: str) -> None:
        self.transport = transport
        self.deadline = deadline
        self.authority = authority
        self.host = Url.parse(authority).authority
        self.failure: ClientError | None = None

    def get(self, url: str, **_: Any) -> SimpleNamespace:
        """The discovery document, which is all that msal gets: its token endpoint, if trusted."""
        answer = self._request("GET", url)
        if answer.status_code >= 400:
            raise self._failed(Misconfigured("unknown_tenant"))
        endpoint = (document(answer.text.encode()) or {}).get("token_endpoint")
        # It may name any address, or the one that the authority leads to.
        place = str(self._own(str(endpoint)))
        answer.text = json.dumps({"authorization_endpoint": place, "token_endpoint": place})
        return answer

    def post(
        self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], **_: Any
    ) -> SimpleNamespace:
        return self._request("POST", url, headers, data)

    def close(self) -> None:
        """Part of msal's interface; the transport keeps its connections."""

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> SimpleNamespace:
        self.failure = None
        place = str(self._own(url))
        try:
            response = self.transport.request(
                method, place, headers=headers, form=form, deadline=self.deadline, limit=LIMIT
            )
        except ClientError as error:
            self.failure = error.with_traceback(None)
            raise
        if fault := trouble(response.status, response.headers, self.host):
            raise self._failed(fault)
        return _answer(response)

    def _own(self, url: str) -> Url:
        """`url` as one of the authority's own; the secret goes nowhere else.

        Raises ValueError for what is no URL, which msal hands on.
        """
        place = Url.parse(self.transport.original(url, (self.authority,)))
        if place.origin != self.authority:
            raise self._failed(Misconfigured("foreign_realm", host=place.authority))
        return place

    def _failed(self, failure: ClientError) -> ClientError:
        self.failure = failure
        return failure


def _answer(response: Response) -> SimpleNamespace:
    def raise_for_status() -> None:
        """Part of msal's interface, for what is not told already."""

    return SimpleNamespace(
        status_code=response.status,
        headers=dict(response.headers.items()),
        text=response.body.decode("utf-8", "replace"),
        raise_for_status=raise_for_status,
    )
