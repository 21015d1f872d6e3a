"""The foreign site's own prefixes: nothing of the app may depend on /admin/ or /api/."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("backstage/", admin.site.urls),
    path("gateway/v1/", include("registries.api.urls")),
    path("gateway/figures", include("registries.metrics.urls")),
]
