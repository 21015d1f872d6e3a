"""The documentation of the API: its OpenAPI document, and the page that shows it."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils.translation import gettext
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from registries.api.base import ReadOnlyView


class SchemaView(ReadOnlyView):
    """The OpenAPI document of the API."""

    def get(self, request: Request) -> Response:
        from registries.api.openapi import document  # noqa: PLC0415 - loads the generator

        return Response(document(self.request.path.rstrip("/").rpartition("/")[0]))


class DocsView(ReadOnlyView):
    """The documentation of the API as a page, in the frame of the site's admin where it has one."""

    def get(self, request: Request) -> HttpResponse:
        from registries.api.guide import shown_calls  # noqa: PLC0415 - with the generator
        from registries.api.openapi import document  # noqa: PLC0415 - loads the generator

        prefix = request.path.removesuffix("docs/").rstrip("/")
        index = _address("admin:index")
        context = {
            **(admin.site.each_context(request._request) if index else {}),
            "frame": "admin/base_site.html" if index else "registries/api_frame.html",
            # The page has contents of its own.
            "is_nav_sidebar_enabled": False,
            "title": gettext("API for programs"),
            "has_reader": apps.is_installed("drf_spectacular_sidecar"),
            "calls": shown_calls(document(prefix)),
            "base": request.build_absolute_uri(prefix),
            "schema_url": f"{prefix}/schema/",
            "logout_url": _address("logout"),
        }
        return render(request._request, "registries/api_docs.html", context)

    def handle_exception(self, exc: Exception) -> Any:
        """The response to an error: the site has a page for who may not read this one."""
        if isinstance(exc, PermissionDenied) and self.is_in_browser:
            refuse: Any = get_resolver().resolve_error_handler(403)
            return refuse(self.request._request, exception=exc)
        return super().handle_exception(exc)


class RootView(ReadOnlyView):
    """The root of the API, which leads to its documentation."""

    def get(self, request: Request) -> HttpResponse:
        return HttpResponseRedirect(f"{request.path}docs/")


def _address(name: str) -> str | None:
    """A page of the site, if it has one of this name."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
