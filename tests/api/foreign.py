"""A site whose REST_FRAMEWORK changes every default, run by test_who.py; prints what it saw."""

import json
import sys
from typing import Any

import django
from django.conf import settings
from django.db import connections
from django.http import HttpResponse
from django.urls import include, path

settings.configure(
    SECRET_KEY="foreign",
    FIELD_ENCRYPTION_KEY="Zm9yZWlnbi1zaXRlLWtleS1ndWFyZHMtbm90aGluZyE=",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    DATABASES={
        name: {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": ":memory:",
            "ATOMIC_REQUESTS": True,
        }
        for name in ("default", "other")
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "registries",
    ],
    AUTHENTICATION_BACKENDS=["__main__.Generous"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["__main__.Whisper"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.StaticHTMLRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.MultiPartParser"],
        "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
        "DEFAULT_THROTTLE_RATES": {"user": "1/day"},
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
        "ALLOWED_VERSIONS": ["9"],
        "DEFAULT_FILTER_BACKENDS": ["rest_framework.filters.SearchFilter"],
        "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
        "PAGE_SIZE": 1,
        "EXCEPTION_HANDLER": "__main__.site_handler",
        "URL_FORMAT_OVERRIDE": "page",
    },
)
django.setup()

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.response import Response

in_transaction = []


class Generous(BaseBackend):
    """Permits everything to everybody, deactivated users included."""

    def has_perm(self, user: Any, perm: str, obj: Any = None) -> bool:
        return True


class Whisper(BaseAuthentication):
    """Believes a name in a header, even a deactivated user's."""

    def authenticate(self, request: Any) -> tuple[User, None] | None:
        in_transaction.append(any(connection.in_atomic_block for connection in connections.all()))
        name = request.META.get("HTTP_X_WHO")
        if name == "refused":
            raise AuthenticationFailed
        return (User.objects.get(username=name), None) if name else None

    def authenticate_header(self, request: Any) -> str:
        return "Whisper"


def site_handler(exc: Exception, context: Any) -> Response:
    return Response("handled by the site", 418)


def elsewhere(request: Any) -> HttpResponse:
    return HttpResponse(str(all(connection.in_atomic_block for connection in connections.all())))


urlpatterns = [path("api/", include("registries.api.urls")), path("elsewhere/", elsewhere)]

call_command("migrate", verbosity=0)
User.objects.create_user("operator")
User.objects.create_user("gone", is_active=False)
client = Client()


def seen(path: str, who: str = "", method: str = "GET", **headers: str) -> dict[str, Any]:
    headers = {"x-who": who, **headers}
    answer = client.generic(method, f"/api/{path}", headers=headers)
    body = answer.content.decode()
    return {
        "status": answer.status_code,
        "type": answer["Content-Type"],
        "challenge": answer.get("WWW-Authenticate"),
        "handled by the site": "handled by the site" in body,
        "count": json.loads(body).get("count") if path.startswith("registries/?") else None,
    }


report = {
    "operator": seen("registries/?page=1", "operator"),
    "nobody": seen("registries/"),
    "deactivated": seen("registries/", "gone"),
    "refused": seen("registries/", "refused"),
    "lost": seen("nowhere", "operator"),
    "posting": seen("registries/", "operator", "POST"),
    "html": seen("registries/", "operator", accept="text/html; version=3"),
    "transaction": any(in_transaction),
    "transaction elsewhere": client.get("/elsewhere/").content == b"True",
}
json.dump(report, sys.stdout)
