"""Signing in, limited by name and address: who fails too often is refused for a while.

django-axes keeps the counts. It counts a failure after the password was looked at, so a burst of
guesses is answered before the first of them counts; here every try counts before, and is taken
back when its password fits.
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

# As long as the column that keeps it.
LONGEST_NAME = 255
# A customer gets a /64 at least, so that one alone could come from 2**64 addresses (RFC 6177).
CUSTOMER = 64
# Translators put the IPv4 address that somebody comes from behind these (RFC 6052, RFC 2765).
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("::ffff:0:0:0/96"))
# Nobody can come from here (RFC 6666): these stand for texts that are no address.
NOWHERE = IPv6Network("100::/64")


def address(request: HttpRequest) -> str:
    """Where the request comes from: an IPv4 address, or the network of an IPv6 address.

    Behind a proxy it is the proxy's word: the last entry of X-Forwarded-For. The entries before it
    are the visitor's own, who may write there what he likes.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    text = peer
    if settings.SECURE_PROXY_SSL_HEADER:
        text = (forwarded or peer).rpartition(",")[2].strip()
    sender = _sender(text)
    if sender in NOWHERE or bool(forwarded) != bool(settings.SECURE_PROXY_SSL_HEADER):
        logger.warning("Visitors cannot be told apart (docs/operate.md, Behind a proxy)")
    return str(sender)


def _sender(text: str) -> IPv4Address | IPv6Address:
    """The sender that a text names, as far as he cannot choose another by himself.

    A text that is no address stands for itself. If all of these were one sender, one visitor could
    use up the tries of all others.
    """
    try:
        sender = ip_address(_without_port(text).partition("%")[0])
    except ValueError:
        digest = sha256(text.encode(errors="replace")).digest()
        return NOWHERE[int.from_bytes(digest[:8])]
    if isinstance(sender, IPv4Address):
        return sender
    if any(sender in network for network in TRANSLATED):
        return IPv4Address(sender.packed[12:])
    # By 6to4 one IPv4 address has 65,536 networks; by Teredo all clients of a server have one.
    _server, tunnelled = sender.teredo or (None, sender.sixtofour)
    network = IPv6Network((sender, CUSTOMER), strict=False)[0]
    return sender.ipv4_mapped or tunnelled or network


def _without_port(text: str) -> str:
    """`192.0.2.1` of `192.0.2.1:443`, and so on: some load balancers add the visitor's port."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def username(_request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name that somebody wants to sign in with, as any database can keep it."""
    name = str((credentials or {}).get("username") or "")
    return name.encode(errors="replace").decode().replace("\0", "")[:LONGEST_NAME]


def refuse(request: HttpRequest, *_about: object) -> HttpResponse:
    """The answer to who failed too often, whether the name exists and the password fits or not."""
    # mypy knows the tests' settings, not the site's.
    pause: timedelta = settings.AXES_COOLOFF_TIME  # type: ignore[misc]
    minutes = pause // timedelta(minutes=1)
    response = render(request, "429.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response


class Throttle(AxesStandaloneBackend):
    """Refuses, before any password is looked at, who failed too often."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        # The site's own code, such as a command, asks without a request: nobody to throttle.
        if request is not None:
            super().authenticate(request, **credentials)


class Tries(AxesDatabaseHandler):
    """Counts the tries under each name from each address, and keeps nothing else of the requests.

    A try that is not taken back is a failure, whatever became of it: so a right password that does
    not let anybody in, such as that of an account without the admin, is answered like a wrong one
    to the end.
    """

    def is_locked(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        """Count this try, and say whether it is refused because too many have failed."""
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
        # Unless it succeeds, the last try is answered like those after it.
        request.axes_locked_out = attempt.failures_since_start == limit
        return False

    def user_login_failed(
        self, sender: object, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        """Nothing is left to count."""

    def user_logged_in(self, sender: object, request: Any, user: Any, **kwargs: Any) -> None:
        """Take this try back, and no other one: somebody else may have made those."""
        attempt = getattr(request, "axes_attempt", None)
        if attempt is None:  # the site's own code has signed somebody in
            return
        request.axes_locked_out = False
        with transaction.atomic():
            for row in AccessAttempt._default_manager.select_for_update().filter(pk=attempt.pk):
                row.failures_since_start -= 1
                if row.failures_since_start <= 0:
                    row.delete()
                    return
                # The pause is counted from the last failure, which was before this.
                if row.attempt_time == attempt.attempt_time:
                    row.attempt_time = request.axes_last_failure
                row.save(update_fields=["failures_since_start", "attempt_time"])

    def user_logged_out(self, sender: object, request: Any, user: Any, **kwargs: Any) -> None:
        """Nothing is counted here."""
