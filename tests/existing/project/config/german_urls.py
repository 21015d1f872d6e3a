"""Pages with their language in front; programs ask without."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/", include("registries.api.urls")),
    *i18n_patterns(path("admin/", admin.site.urls)),
]
