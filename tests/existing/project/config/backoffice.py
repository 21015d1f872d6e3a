"""Two admin sites beside each other."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest


class Backoffice(admin.AdminSite):
    """The admin of everybody."""

    site_header = "Backoffice"


class Fleet(admin.AdminSite):
    """A second one, for those who look after the registries."""

    site_header = "Fleet"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser


class BackofficeConfig(AdminConfig):
    """Django's admin, with another site."""

    default_site = "config.backoffice.Backoffice"


def prepare(visit: Any, person: Any) -> None:
    """What is only seen with two admin sites: no link leads from one to the other."""
    from registries.models import Handover, Registry

    row = Registry.objects.get(kind="hub")
    handover = Handover.objects.create(registry=row, asked=f"#{row.pk}", code="not_allowed")
    page = visit.get("hand-over", visit.at("change", handover.pk, audit="handover"))
    visit.seen["links to the other admin"] = page.count('href="/office/')
    visit.get(
        "the other admin", "/office/registries/registry/", 'href="/office/registries/registry/add/"'
    )
