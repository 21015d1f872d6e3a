"""Signing in, throttled by django-axes: who fails too often is refused for a while."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# As long as the column that keeps it.
LONGEST_NAME = 255


def address(request: HttpRequest) -> str | None:
    """Where the request comes from, or None where that cannot be told.

    Behind a proxy it is the proxy's word: the last entry of X-Forwarded-For. The entries before it
    are the visitor's own, who may write there what he likes.
    """
    told = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        told = request.META.get("HTTP_X_FORWARDED_FOR", told).rpartition(",")[2].strip()
    try:
        return str(ip_address(told.partition("%")[0]))
    except ValueError:
        return None


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


class Failures(AxesDatabaseHandler):
    """Keeps who failed from which address, and nothing else of the request."""

    def user_login_failed(
        self,
        sender: object,
        credentials: dict[str, Any],
        request: Any = None,
        **kwargs: Any,
    ) -> None:
        if request is None:
            return
        # What people and programs send besides is none of our business, and may be no text that
        # a database takes.
        kept = HttpRequest()
        kept.__dict__ |= {
            "axes_ip_address": request.axes_ip_address,
            "axes_attempt_time": request.axes_attempt_time,
            "axes_locked_out": request.axes_locked_out,
            **dict.fromkeys(("axes_user_agent", "axes_http_accept", "axes_path_info"), ""),
        }
        super().user_login_failed(sender, credentials, kept, **kwargs)
        request.axes_locked_out = kept.__dict__["axes_locked_out"]
