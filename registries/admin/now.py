"""The page of what happens at this moment: what is being checked, and what is due."""

from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import router
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registries.admin.base import Pages
from registries.admin.display import ago
from registries.checking import clock
from registries.checking.claims import due, is_running
from registries.kinds import KINDS
from registries.models import Check, Registry
from registries.models.check import Origin
from registries.models.queryset import is_overdue

# How many rows are named, and how many checks are looked at for one that nobody started.
NAMED, LOOKED_AT = 50, 200


class Now(NamedTuple):
    """What goes on. running: the first rows that are being checked. total: how many are."""

    running: list[Registry]
    total: int
    due: int
    overdue: int
    checked_at: datetime | None
    at: datetime

    @classmethod
    def read(cls) -> "Now":
        """Ask the database, with a constant number of queries."""
        using = router.db_for_write(Registry)
        clock.read(using)
        rows = Registry.objects.using(using).filter(kind__in=KINDS)
        running = rows.filter(is_running(using)).order_by("check_host", "name_key")
        first = list(running.defer("ca_certificate")[:NAMED])
        newest = Check.objects.using(using).order_by("-checked_at", "-pk")
        checks = newest.values_list("origin", "checked_at")[:LOOKED_AT]
        own = (moment for origin, moment in checks if origin == Origin.SCHEDULE)
        return cls(
            first,
            running.count() if len(first) == NAMED else len(first),
            due(using).filter(kind__in=KINDS).count(),
            rows.filter(is_overdue(timezone.now())).count(),
            next(own, None),
            timezone.now(),
        )

    @property
    def ago(self) -> str:
        return ago(self.checked_at) if self.checked_at else ""


class NowPages(Pages):
    """The page, which the list and the home page link to."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.now_view)
        return [path("now/", view, name="registries_registry_now"), *super().get_urls()]

    @method_decorator(never_cache)
    @method_decorator(require_safe)
    def now_view(self, request: HttpRequest) -> HttpResponse:
        """Show what goes on at this moment."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context: dict[str, Any] = {"title": gettext("Running now"), "now": Now.read()}
        return self.page(request, "now", **context)
