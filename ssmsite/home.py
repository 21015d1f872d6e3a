"""The home page: what this site is and, for who may see registries, what is going on there."""

from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import router
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from registries import outbox
from registries.admin.display import ago, end_badge
from registries.admin.ends import ends_soon
from registries.admin.images import ImageForm
from registries.admin.status import attention_first, needs_attention, overview, tiles
from registries.kinds import KINDS
from registries.models import Notification, Registry
from registries.models.queryset import RegistryQuerySet

# How many rows, changes and limits the page lists.
SHOWN = 6
# How many administrators are named.
NAMED = 3


# It names registries, and who is signed in: nobody finds it in a cache after signing out.
@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the way into the site, and the state of its registries to who may see them."""
    context = {**admin.site.each_context(request), "title": _("Home")}
    pages = admin.site.get_model_admin(Registry)
    if admin.site.has_permission(request) and pages.has_view_permission(request):
        context |= _state(may_change=pages.has_change_permission(request))
        context["may_add"] = pages.has_add_permission(request)
    context["may_read"] = request.user.has_perm("registries.view_registry")
    events = admin.site.get_model_admin(Notification)
    if admin.site.has_permission(request) and events.has_view_permission(request):
        using = router.db_for_write(Notification)
        context["may_see_notifications"] = True
        context["failed"] = outbox.recently_failed(using)
        context["off"] = len(outbox.turned_off(using))
    if request.user.is_authenticated and not context["may_read"]:
        context["chiefs"] = chiefs()
    return render(request, "home.html", context)


def chiefs() -> str:
    """The names of some who can give permissions: whom to ask. Shown to nobody but accounts."""
    superusers = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")[:NAMED]
    return ", ".join(chief.get_full_name() or chief.get_username() for chief in superusers)


def _state(*, may_change: bool) -> dict[str, Any]:
    rows = Registry.objects.filter(kind__in=KINDS).defer("ca_certificate")
    counts = overview(rows)
    if not counts.total:
        return {"is_empty": True, "may_change": may_change}
    attention = rows.filter(needs_attention()).order_by(*attention_first())
    return {
        "overview": counts,
        "image_form": ImageForm(),
        "attention": tiles(list(attention[:SHOWN])),
        "ending": _ending(rows),
        "changes": _changes(),
        "pulls": [
            (row, ago(row.checked_at) if row.checked_at else "")
            for row in rows.filter(pulls_limit__gt=0).order_by("pulls_remaining")[:SHOWN]
        ],
        "may_change": may_change,
    }


def _ending(rows: RegistryQuerySet) -> dict[str, Any]:
    """The registries whose credentials have ended or end soon, the most urgent first."""
    found = rows.filter(ends_soon()).order_by("expires_on", "name_key")
    first = [(row, end_badge(row.expires_on)) for row in found[:SHOWN] if row.expires_on]
    return {"rows": first, "count": found.count() if len(first) == SHOWN else len(first)}


class Change(NamedTuple):
    """What somebody did to a registry in the admin; `row` is None where it is gone."""

    entry: LogEntry
    row: Registry | None

    @property
    def name(self) -> str:
        return self.row.name if self.row else self.entry.object_repr

    @property
    def what(self) -> str:
        is_gone = self.entry.action_flag == DELETION
        return _("Deleted.") if is_gone else self.entry.get_change_message()

    @property
    def ago(self) -> str:
        return ago(self.entry.action_time)


def _changes() -> list[Change]:
    """The last changes, the newest first."""
    entries = (
        LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Registry))
        # Earlier versions wrote checks down there too.
        .exclude(change_message__startswith="Checked: ")
        # Somebody saved and had changed nothing.
        .exclude(action_flag=CHANGE, change_message__in=("", "[]"))
        .select_related("user")
        .order_by("-action_time", "-pk")[:SHOWN]
    )
    keys = [key for entry in entries if (key := entry.object_id or "").isdecimal()]
    rows = {str(row.pk): row for row in Registry.objects.filter(pk__in=keys, kind__in=KINDS)}
    return [Change(entry, rows.get(entry.object_id or "")) for entry in entries]
