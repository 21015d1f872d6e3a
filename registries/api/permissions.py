"""The permissions and throttles of the API."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView


class CrossSite(PermissionDenied):
    """A page of another site made a browser send a request that would call a registry."""


class MayRead(BasePermission):
    """Allow active users with the permission to view registries."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        # The site's own authentication classes may return an inactive user, or None.
        return bool(user and user.is_active and user.has_perm("registries.view_registry"))


class MayQuery(BasePermission):
    """Allow users with the permission to make the site call a registry.

    A site's access tokens may have fewer rights than their user: those with a false attribute
    `may_query` are refused.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        is_limited = getattr(request.auth, "may_query", True) is False
        return not is_limited and request.user.has_perm("registries.query_registry")


class NotCrossSite(BasePermission):
    """Refuse requests that a page of another site causes in a browser.

    Browsers send the session cookie when somebody follows a link from another site, and that must
    not make the site call a registry. The header Sec-Fetch-Site says where a request comes from
    (https://www.w3.org/TR/fetch-metadata/).
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise CrossSite
        return True


class ReadThrottle(UserRateThrottle):
    """Limit all requests of a user.

    The site can set another rate for this scope in `DEFAULT_THROTTLE_RATES`; None turns it off.
    """

    scope = "registries"
    default_rate = "600/min"

    def get_rate(self) -> str | None:
        rates: Mapping[str, Any] = api_settings.DEFAULT_THROTTLE_RATES or {}
        rate: str | None = rates.get(self.scope, self.default_rate)
        return rate


class OutgoingThrottle(ReadThrottle):
    """Limit the requests of a user that make the site call a registry."""

    scope = "registries_outgoing"
    default_rate = "120/min"
