"""Who is handed a credential: an account, with which access token, from where."""

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
    """Who asks; without a user it is code of the site, which may do everything.

    `user_id` is the primary key as text and `user_name` the name: both outlive the account.
    token: what the access token is called. token_key: what it begins with. address: from where the
    request comes.
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
        """A user, asked for the permission now."""
        is_permitted = user.is_active and user.has_perm(PERMISSION)
        name = user.get_username()
        who = (str(user.pk), name, token, address)
        return cls(way, *who, is_permitted, limits, token_key)


def address_of(request: HttpRequest) -> str:
    """From where a request comes, as the site's `CLIENT_ADDRESS` says, or the web server."""
    if name := conf.get().client_address:
        return str(import_string(name)(request))
    return str(request.META.get("REMOTE_ADDR") or "")
