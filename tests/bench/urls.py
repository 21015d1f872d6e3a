"""The addresses of the benchmark's site: the API, and the plain views that it is measured by."""

from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from registries.api import serializers
from registries.models import Registry
from tests.bench.clients.api import PAGE


def may_read(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.has_perm("registries.view_registry")


def signed_in(request: HttpRequest) -> JsonResponse:
    """What it costs to find out who asks, and nothing else."""
    return JsonResponse({}, status=200 if may_read(request) else 403)


def plain(request: HttpRequest) -> JsonResponse:
    """The same columns of the same rows for the same people, and nothing else."""
    if not may_read(request):
        return JsonResponse({}, status=403)
    rows = serializers.columns(Registry.objects.order_by("name_key"))
    return JsonResponse({"results": list(rows[:PAGE])})


urlpatterns = [
    path("api/", include("registries.api.urls")),
    path("metrics", include("registries.metrics.urls")),
    path("signed_in/", signed_in),
    path("plain/", plain),
]
