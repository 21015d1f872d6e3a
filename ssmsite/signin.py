"""Limits failed sign-ins by user name and IP address, with django-axes.

django-axes itself counts a failure after it has checked the password, so many parallel attempts
would pass before the first one counts. Here each attempt counts before the password is checked,
and is taken back if it succeeds.
"""

import logging
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

logger = logging.getLogger(__name__)

# The length of the column.
MAX_USERNAME = 255
# Every customer has at least a /64 network, which is 2**64 addresses (RFC 6177).
CUSTOMER_PREFIX = 64
# Networks whose last 32 bits are the IPv4 address of the client (RFC 6052, RFC 2765).
NAT64_NETWORKS = (IPv6Network("64:ff9b::/96"), IPv6Network("::ffff:0:0:0/96"))
# Nobody has such an address (RFC 6666), so they stand for texts that are no IP address.
DISCARD_ONLY = IPv6Network("100::/64")


def address(request: HttpRequest) -> str:
    """Return the client's IPv4 address, or the network of its IPv6 address.

    Behind a proxy this is the last entry of X-Forwarded-For. Only that one is the proxy's; clients
    can invent the entries before it.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    text = peer
    if settings.SECURE_PROXY_SSL_HEADER:
        text = (forwarded or peer).rpartition(",")[2].strip()
    sender = _sender(text)
    if sender in DISCARD_ONLY or bool(forwarded) != bool(settings.SECURE_PROXY_SSL_HEADER):
        logger.warning("Visitors cannot be told apart (docs/operate.md, Behind a proxy)")
    return str(sender)


def _sender(text: str) -> IPv4Address | IPv6Address:
    """Return the sender in a text: the part of an address that a client cannot choose.

    Each text that is no address becomes a sender of its own, so that one client cannot use up the
    attempts of all others.
    """
    try:
        sender = ip_address(_without_port(text).partition("%")[0])
    except ValueError:
        digest = sha256(text.encode(errors="replace")).digest()
        return DISCARD_ONLY[int.from_bytes(digest[:8])]
    if isinstance(sender, IPv4Address):
        return sender
    if any(sender in network for network in NAT64_NETWORKS):
        return IPv4Address(sender.packed[12:])
    # With 6to4 one IPv4 address has 65,536 networks; with Teredo all clients of a server share one.
    _server, tunnelled = sender.teredo or (None, sender.sixtofour)
    network = IPv6Network((sender, CUSTOMER_PREFIX), strict=False)[0]
    return sender.ipv4_mapped or tunnelled or network


def _without_port(text: str) -> str:
    """Remove the port, as in `192.0.2.1:443`. Some load balancers add the client's port."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def username(_request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the user name of a sign-in in a form that every database can store."""
    name = str((credentials or {}).get("username") or "")
    return name.encode(errors="replace").decode().replace("\0", "")[:MAX_USERNAME]


def lockout_response(request: HttpRequest, *_credentials: object) -> HttpResponse:
    """Return the response after too many failures. It does not depend on the name or password."""
    # mypy knows the tests' settings, not the site's.
    pause: timedelta = settings.AXES_COOLOFF_TIME  # type: ignore[misc]
    minutes = pause // timedelta(minutes=1)
    response = render(request, "429.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response


class Throttle(AxesStandaloneBackend):
    """Refuses clients with too many failures before any password is checked."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        # The site's own code, such as a command, has no request and is not limited.
        if request is not None:
            super().authenticate(request, **credentials)


class AttemptHandler(AxesDatabaseHandler):
    """Counts the attempts by name and address, and stores nothing else of the requests.

    Every attempt that is not taken back is a failure. So a correct password of an account that may
    not use the admin looks like a wrong one.
    """

    def is_locked(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        """Count this attempt, and return whether too many have failed."""
        self.clean_expired_user_attempts(request, credentials)
        with transaction.atomic():
            attempt, _ = AccessAttempt._default_manager.select_for_update().get_or_create(
                username=username(request, credentials),
                ip_address=request.axes_ip_address,
                user_agent="",
                defaults={"failures_since_start": 0},
            )
            # mypy knows the tests' settings, not the site's.
            limit: int = settings.AXES_FAILURE_LIMIT  # type: ignore[misc]
            if attempt.failures_since_start >= limit:
                return True
            request.axes_last_failure = attempt.attempt_time
            attempt.failures_since_start += 1
            attempt.attempt_time = request.axes_attempt_time
            attempt.save(update_fields=["failures_since_start", "attempt_time"])
        request.axes_attempt = attempt
        # If the last allowed attempt fails, the response is that of the refused ones after it.
        request.axes_locked_out = attempt.failures_since_start == limit
        return False

    def user_login_failed(
        self, sender: object, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        """Do nothing: the attempt was counted before."""

    def user_logged_in(self, sender: object, request: Any, user: Any, **kwargs: Any) -> None:
        """Take this attempt back, but no others, which may be somebody else's."""
        attempt = getattr(request, "axes_attempt", None)
        if attempt is None:  # the site's own code signed the user in
            return
        request.axes_locked_out = False
        with transaction.atomic():
            for row in AccessAttempt._default_manager.select_for_update().filter(pk=attempt.pk):
                row.failures_since_start -= 1
                if row.failures_since_start <= 0:
                    row.delete()
                    return
                # The cool-off time starts at the last failure, which was before this attempt.
                if row.attempt_time == attempt.attempt_time:
                    row.attempt_time = request.axes_last_failure
                row.save(update_fields=["failures_since_start", "attempt_time"])

    def user_logged_out(self, sender: object, request: Any, user: Any, **kwargs: Any) -> None:
        """Do nothing: signing out is not counted."""
