"""The error pages of the site, and the health check."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Permission
from django.contrib.auth.views import LoginView
from django.core.exceptions import RequestDataTooBig
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views import defaults
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from registries import services
from registries.api.errors import error_response
from ssmsite.home import chiefs


class SignIn(LoginView):
    """Signs in anybody, also who may not use the admin, such as to read the API's documentation."""

    template_name = "admin/login.html"
    next_page = "home"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": _("Log in")}
        return {
            **context,
            "app_path": self.request.get_full_path(),
            **super().get_context_data(**kwargs),
        }


# Editors fetch it, which sign in nowhere; there is nothing of a row in it.
@cache_control(max_age=3600)
@require_safe
def file_schema(_request: HttpRequest) -> HttpResponse:
    """The JSON Schema of files of registries."""
    response = JsonResponse(services.file_schema(), content_type="application/schema+json")
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def icon(_request: HttpRequest) -> HttpResponse:
    """Redirect /favicon.ico, which browsers request if a page names no icon, to the logo."""
    return redirect(static("registries/favicon.svg"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the response for a malformed request.

    Django's own handler would look for a CSRF token in the malformed form and fail.
    """
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    return _error(request, "bad_request") or render(request, f"{status}.html", status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _error(request, "not_found") or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; Django has logged it."""
    return _error(request, "internal_error") or defaults.server_error(request)


def _error(request: HttpRequest, code: str) -> HttpResponse | None:
    """Return a JSON error for URLs of the API, or None for others."""
    in_api = f"/{request.path_info.lstrip('/')}".startswith("/api/")
    return error_response(code) if in_api and not is_api_docs(request) else None


def is_api_docs(request: HttpRequest) -> bool:
    """Whether this is the API's documentation, which is a page for people."""
    match = request.resolver_match
    return match is not None and match.view_name == "registries_api:docs"


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Return 200 if the database responds, or else 503, without a body."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return HttpResponse(status=503)
    return HttpResponse()


def healthz_first(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Handle `/healthz` before the redirect to HTTPS and the check of the host name.

    Load balancers use plain HTTP and IP addresses. This is safe, because the response does not
    depend on the request.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return healthz(request) if request.path_info == "/healthz" else get_response(request)

    return middleware


# How the names of the pages begin that take a permission of a model, and what they take if it is
# not "view".
MODELS = ("registries_registry", "registries_check", "registries_handover", "ssmsite_accesstoken")
NEEDED = {
    "add": ("add",),
    "import": ("add",),
    "imported": ("add",),
    "delete": ("delete",),
    "check": ("change",),
    "reset": ("change",),
    "hand_over": ("view", "hand_over"),
    "hand_over_many": ("view", "hand_over"),
}


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: who is signed in, what the account lacks, and whom to ask."""
    if response := _error(request, "permission_denied"):
        return response
    return render(request, "403.html", _refusal(request), status=403)


def _refusal(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    if not user.is_authenticated:
        return {}
    return {"missing": _missing(request), "chiefs": chiefs()}


def _missing(request: HttpRequest) -> str:
    """The name of the permission that this account lacks for a page; empty if it is another's."""
    name = (request.resolver_match and request.resolver_match.url_name) or ""
    if is_api_docs(request):
        name = "registries_registry_changelist"
    for model in MODELS:
        if not name.startswith(f"{model}_"):
            continue
        app_label, model_name = model.split("_")
        for action in NEEDED.get(name.removeprefix(f"{model}_"), ("view",)):
            codename = f"{action}_{model_name}"
            if not request.user.has_perm(f"{app_label}.{codename}"):
                # Some pages are nobody's, such as that which would add to an audit.
                names = Permission.objects.filter(
                    codename=codename, content_type__app_label=app_label
                ).values_list("name", flat=True)
                return names.first() or ""
    return ""
