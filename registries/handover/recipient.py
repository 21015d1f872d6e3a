"""Recipient: the account, access token and address that request credentials."""

from dataclasses import dataclass
from typing import Any, Self

from django.http import HttpRequest
from django.utils.module_loading import import_string

from registries import conf
from registries.limits import UNLIMITED, Limits
from registries.models.handover import Way

PERMISSION = "registries.hand_over_registry"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who requests credentials. Without a user it is code of the site, which may do everything.

    way: how they are requested, a value of `Way`.
    user_id, user_name: the primary key as text, and the name; the audit keeps them after the
        account is deleted.
    token, token_key: the name of the access token, and its first characters.
    address: the client's IP address.
    """

    way: str = Way.PYTHON
    user_id: str = ""
    user_name: str = ""
    token: str = ""
    address: str = ""
    is_permitted: bool = True
    limits: Limits = UNLIMITED
    token_key: str = ""

    @classmethod
    def of(
        cls,
        user: Any,
        way: str,
        *,
        token: str = "",
        token_key: str = "",
        address: str = "",
        limits: Limits = UNLIMITED,
    ) -> Self:
        """A user, whose permission is checked now."""
        is_permitted = user.is_active and user.has_perm(PERMISSION)
        name = user.get_username()
        account = (str(user.pk), name, token, address)
        return cls(way, *account, is_permitted, limits, token_key)


def address_of(request: HttpRequest) -> str:
    """Return the client's IP address, from the site's `CLIENT_ADDRESS` or the web server."""
    if name := conf.get().client_address:
        return str(import_string(name)(request))
    return str(request.META.get("REMOTE_ADDR") or "")
