"""The addresses of the benchmark's site: the API, and the plain view that it is measured by."""

from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from registries.api import serializers
from registries.models import Registry
from tests.bench.clients.api import PAGE


def plain(request: HttpRequest) -> JsonResponse:
    """The same columns of the same rows for the same people, and nothing else."""
    if not (request.user.is_active and request.user.has_perm("registries.view_registry")):
        return JsonResponse({}, status=403)
    rows = serializers.columns(Registry.objects.order_by("name_key", "pk"))
    return JsonResponse({"results": list(rows[:PAGE])})


urlpatterns = [path("api/", include("registries.api.urls")), path("plain/", plain)]
