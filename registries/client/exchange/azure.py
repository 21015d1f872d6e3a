"""Exchanges a Microsoft Entra service principal for a refresh token of ACR.

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
from registries.client.responses import is_error, json_object, temporary_error
from registries.client.transport import Response, Transport
from registries.client.urls import Url
from registries.credentials import AzurePrincipal, IdentityToken

# The authority and the resource, by the top-level domain of the login server.
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
# AADSTS codes for a tenant that does not exist.
# See https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_NO_TENANT = frozenset({90002, 90013, 900021, 900023})
# AADSTS codes for a wrong clock.
_CLOCK = frozenset({500133, 700024})
# The host of a replica. The token server expects the registry's host as the service.
# See https://learn.microsoft.com/azure/container-registry/container-registry-endpoint-reference
_REPLICA = re.compile(r"([a-z0-9-]+)\.[a-z0-9-]+\.geo(\.azurecr\.[a-z]+)", re.ASCII)
# The lifetime of a token that does not state it.
_SHORTEST = timedelta(seconds=60)


def exchange(
    principal: AzurePrincipal, registry: str | None, transport: Transport, deadline: Deadline
) -> Exchanged:
    """Sign in at the tenant, then at the login server `registry`. Raises ClientError."""
    if registry is None:
        raise Misconfigured("image_needed")
    if not _TENANT.fullmatch(principal.tenant_id):
        raise Misconfigured("unknown_tenant")
    registry_url = Url.parse(registry)
    authority, scope = NATIONAL.get(registry_url.host.rpartition(".")[2], PUBLIC)
    call = _Http(transport, deadline, authority)
    token = _sign_in(principal, call, scope)
    outcome = (
        _refresh_token(token, principal.tenant_id, registry_url, call)
        if isinstance(token, str)
        else token
    )
    if isinstance(outcome, ClientError):
        # Some error reports print local variables, which must not contain the token.
        del token
        raise outcome.with_traceback(None)
    return outcome


def _sign_in(principal: AzurePrincipal, http: "_Http", scope: str) -> str | ClientError:
    """Return the tenant's access token for `scope`."""
    try:
        app = msal.ConfidentialClientApplication(
            principal.client_id,
            client_credential=principal.client_secret,
            authority=f"{http.authority}/{principal.tenant_id}",
            # Neither another host nor the environment may choose the authority.
            instance_discovery=False,
            azure_region=msal.ConfidentialClientApplication.DISABLE_MSAL_FORCE_REGION,
            http_client=http,
        )
        response = app.acquire_token_for_client([scope])
    except Exception:  # noqa: BLE001 - a hostile response may raise anything in msal
        return http.failure or Unreachable("bad_answer", host=http.host)
    token = response.get("access_token")
    if isinstance(token, str) and is_token(token):
        return token
    return _refusal(response, http.host) or Unreachable("bad_answer", host=http.host)


def _refusal(response: Mapping[str, Any], host: str) -> ClientError | None:
    """Return the ClientError for an error response of the tenant (RFC 6749, section 5.2)."""
    error_codes = response.get("error_codes")
    error_codes = error_codes[:20] if isinstance(error_codes, list) else []
    codes = {code for code in error_codes if isinstance(code, int)}
    if _NO_TENANT.intersection(codes):
        return Misconfigured("unknown_tenant")
    if _CLOCK.intersection(codes):
        return Misconfigured("clock_skew", host=host)
    return Rejected("bad_credentials") if "error" in response else None


def _refresh_token(
    access_token: str, tenant: str, registry_url: Url, http: "_Http"
) -> Exchanged | ClientError:
    """Exchange the tenant's access token for a refresh token of the login server."""
    form = {
        "grant_type": "access_token",
        "service": _REPLICA.sub(r"\1\2", registry_url.authority),
        "tenant": tenant,
        "access_token": access_token,
    }
    try:
        response = http.transport.request(
            "POST",
            f"{registry_url.origin}/oauth2/exchange",
            form=form,
            deadline=http.deadline,
            limit=LIMIT,
        )
    except ClientError as error:
        return error.with_traceback(None)
    if response.status in {401, 403}:
        if response.status == 403 and _is_blocked_by_firewall(registry_url, http):
            return Misconfigured("site_refused", host=registry_url.authority)
        # The tenant accepted the principal, so it has no permission in the registry.
        return Misconfigured("no_permission")
    if failure := temporary_error(response.status, response.headers, registry_url.authority):
        return failure
    if response.status == 404:
        return Misconfigured("not_a_registry", host=registry_url.authority)
    token = (json_object(response.body) or {}).get("refresh_token")
    if response.status != 200 or not isinstance(token, str) or not is_token(token):
        return Unreachable("bad_answer", host=registry_url.authority)
    return Exchanged(IdentityToken(token), _expires_at(token))


def _is_blocked_by_firewall(registry_url: Url, http: "_Http") -> bool:
    """Return whether the registry's firewall blocks this site: then even `/v2/` answers 403.

    Source: https://github.com/docker/build-push-action/issues/1214.
    """
    try:
        ping = http.transport.request(
            "GET", f"{registry_url.origin}/v2/", deadline=http.deadline, limit=LIMIT
        )
    except ClientError:
        return False
    return ping.status == 403 and is_error(ping)


def _expires_at(token: str) -> datetime:
    try:
        return datetime.fromtimestamp((payload(token) or {})["exp"], UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC) + _SHORTEST


class _Http:
    """An HTTP client for msal that uses our transport and only calls the authority.

    failure: the error of the last request, if any.
    """

    def __init__(self, transport: Transport, deadline: Deadline, authority: str) -> None:
        self.transport = transport
        self.deadline = deadline
        self.authority = authority
        self.host = Url.parse(authority).authority
        self.failure: ClientError | None = None

    def get(self, url: str, **_: Any) -> SimpleNamespace:
        """Return the discovery document, reduced to the token endpoint if that is trusted."""
        response = self._request("GET", url)
        if response.status_code >= 400:
            raise self._fail(Misconfigured("unknown_tenant"))
        endpoint = (json_object(response.text.encode()) or {}).get("token_endpoint")
        # The document may name any URL, or the target of the authority in `endpoints`.
        token_url = str(self._checked_url(str(endpoint)))
        response.text = json.dumps(
            {"authorization_endpoint": token_url, "token_endpoint": token_url}
        )
        return response

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
        checked_url = str(self._checked_url(url))
        try:
            response = self.transport.request(
                method, checked_url, headers=headers, form=form, deadline=self.deadline, limit=LIMIT
            )
        except ClientError as error:
            self.failure = error.with_traceback(None)
            raise
        if failure := temporary_error(response.status, response.headers, self.host):
            raise self._fail(failure)
        return _msal_response(response)

    def _checked_url(self, url: str) -> Url:
        """Return `url` if it is at the authority: the secret is sent nowhere else.

        Raises Misconfigured if it is not, and ValueError for an invalid URL, which msal passes on.
        """
        parsed = Url.parse(self.transport.original(url, (self.authority,)))
        if parsed.origin != self.authority:
            raise self._fail(Misconfigured("foreign_realm", host=parsed.authority))
        return parsed

    def _fail(self, failure: ClientError) -> ClientError:
        self.failure = failure
        return failure


def _msal_response(response: Response) -> SimpleNamespace:
    def raise_for_status() -> None:
        """Do nothing: msal calls this, and errors were raised before."""

    return SimpleNamespace(
        status_code=response.status,
        headers=dict(response.headers.items()),
        text=response.body.decode("utf-8", "replace"),
        raise_for_status=raise_for_status,
    )
