"""Who may read, and how often."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView


class CrossSite(PermissionDenied):
    """A page of another site made a browser ask for what makes this one call a registry."""


class MayRead(BasePermission):
    """Accounts that are signed in, active, and may view registries."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        # A site's own authentication may let a deactivated user, or None, come this far.
        return bool(user and user.is_active and user.has_perm("registries.view_registry"))


class MayQuery(BasePermission):
    """Accounts that may make the site call a registry, with a token that may as well.

    A site's tokens may do less than their account: `request.auth.may_query` says whether they
    may do this. What has no such attribute is not limited.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        is_limited = getattr(request.auth, "may_query", True) is False
        return not is_limited and request.user.has_perm("registries.query_registry")


class FromNoOtherSite(BasePermission):
    """Programs, and people who come by themselves.

    No page of another site shall make us call a registry: browsers send the session's cookie along
    where a link there is followed. They say with each request whose page made it, too
    (https://www.w3.org/TR/fetch-metadata/).
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise CrossSite
        return True


class ReadThrottle(UserRateThrottle):
    """A user's requests, of whatever sort.

    The site sets another rate by this scope in `DEFAULT_THROTTLE_RATES`; None turns it off.
    """

    scope = "registries"
    usual = "600/min"

    def get_rate(self) -> str | None:
        rates: Mapping[str, Any] = api_settings.DEFAULT_THROTTLE_RATES or {}
        rate: str | None = rates.get(self.scope, self.usual)
        return rate


class OutgoingThrottle(ReadThrottle):
    """A user's requests that make the site call a registry."""

    scope = "registries_outgoing"
    usual = "120/min"
