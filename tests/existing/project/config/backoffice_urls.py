"""Both admin sites, and the API below a prefix."""

from django.contrib import admin
from django.urls import include, path

from config.backoffice import Fleet
from registries.admin import CheckAdmin, HandoverAdmin, RegistryAdmin
from registries.models import Check, Handover, Registry

fleet = Fleet("fleet")
fleet.register(Registry, RegistryAdmin)
fleet.register(Check, CheckAdmin)
fleet.register(Handover, HandoverAdmin)

urlpatterns = [
    path("office/", admin.site.urls),
    path("fleet/", fleet.urls),
    path("v1/registries/", include("registries.api.urls")),
]
