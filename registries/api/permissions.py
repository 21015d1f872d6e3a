"""The permissions of the API."""

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from registries.limits import UNLIMITED, Limits


class CrossSite(PermissionDenied):
    """A page of another site made a browser send a request that would call a registry."""


class TokenLimited(PermissionDenied):
    """The access token may do less than its user, and not this."""


def limits_of(request: Request) -> Limits:
    """Return the limits of the access token, which are `request.auth.limits`.

    Whatever has no such attribute, such as a session, is not limited. Raises TokenLimited where it
    is there, and no Limits.
    """
    auth = request.auth
    # A property that raises AttributeError is there too.
    if not (hasattr(auth, "limits") or hasattr(type(auth), "limits")):
        return UNLIMITED
    limits = getattr(auth, "limits", None)
    if not isinstance(limits, Limits):
        raise TokenLimited
    return limits


def token_of(request: Request) -> str:
    """Return the name of the access token for people; empty for a session."""
    names = (getattr(request.auth, name, None) for name in ("name", "token_key"))
    return next((name for name in names if name and isinstance(name, str)), "")


def token_key_of(request: Request) -> str:
    """Return what the access token begins with, if its site keeps that; empty for a session."""
    key = getattr(request.auth, "token_key", None)
    return key if isinstance(key, str) else ""


class IsActive(BasePermission):
    """Allow active users."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        # The site's own authentication classes may return an inactive user, or None.
        return bool(request.user and request.user.is_active)


class MayRead(IsActive):
    """Allow active users with the permission to view registries."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        limits = limits_of(request)
        # A token may be for tags and digests alone.
        is_query = limits.may_query and MayQuery in getattr(view, "permission_classes", ())
        if not (limits.may_read or is_query):
            raise TokenLimited
        return request.user.has_perm("registries.view_registry")


class MayQuery(BasePermission):
    """Allow users with the permission to make the site call a registry."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not limits_of(request).may_query:
            raise TokenLimited
        return request.user.has_perm("registries.query_registry")


class MaySeeHandovers(BasePermission):
    """Allow users with the permission to view what was handed over."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.has_perm("registries.view_handover")


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
