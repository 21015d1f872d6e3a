"""Both admin sites, and the API below a prefix."""

from django.contrib import admin
from django.urls import include, path

from config.backoffice import Fleet
from registries.admin import CheckAdmin, HandoverAdmin, NotificationAdmin, RegistryAdmin
from registries.models import Check, Handover, Notification, Registry

fleet = Fleet("fleet")
fleet.register(Registry, RegistryAdmin)
fleet.register(Check, CheckAdmin)
fleet.register(Handover, HandoverAdmin)
fleet.register(Notification, NotificationAdmin)

urlpatterns = [
    path("office/", admin.site.urls),
    path("fleet/", fleet.urls),
    path("v1/registries/", include("registries.api.urls")),
]
