"""Actions for one row or several: check, reset and delete, with their confirmations."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from registries import services
from registries.admin.base import is_default, owned
from registries.admin.bulk import BulkPages
from registries.admin.checks import ShownCheck
from registries.admin.confirming import ConfirmPages, refused_reset
from registries.admin.deleting import deletion
from registries.admin.handovers import ShownHandover
from registries.admin.owned import OwnedPages, ShownSourceChange
from registries.checking.callers import Caller
from registries.models import ChangedMeanwhile, Check, Handover, Registry
from registries.models.check import Origin

FROM_LIST = "_list"


class ActionPages(BulkPages, ConfirmPages, OwnedPages):
    """Buttons of a row, actions of the list, and their confirmations."""

    actions = ("check_selected", "hand_over_selected", "reset_selected", "delete_selected")

    def has_delete_permission(self, request: HttpRequest, obj: Registry | None = None) -> bool:
        is_kept = obj and (obj.is_default or obj.source)
        return super().has_delete_permission(request, obj) and not is_kept

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        urls = [
            path(
                "<path:object_id>/check/", wrap(self.check_view), name="registries_registry_check"
            ),
            path(
                "<path:object_id>/release/",
                wrap(self.release_view),
                name="registries_registry_release",
            ),
            path(
                "<path:object_id>/reset/", wrap(self.reset_view), name="registries_registry_reset"
            ),
            *super().get_urls(),
        ]
        # With ATOMIC_REQUESTS, a check would keep a transaction open while it calls a registry.
        # These pages use their own transactions for what they write.
        for url in urls:
            url.callback = services.outside_transactions(url.callback)
        return urls

    # One row

    @method_decorator(require_POST)
    def check_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Check the stored row and show the verdict."""
        row = self.changeable(request, object_id)
        if row is None:
            return self.gone(request, object_id)
        try:
            result = services.check(row, caller=Caller.of(request.user, Origin.ADMIN))
        except services.TooManyChecks as error:
            self.refuse(request, [self.too_many(error)])
        else:
            self.store_result(request, row, result)
        if FROM_LIST in request.POST:
            return self.to(request, "changelist")
        return self.to(request, "change", row.pk)

    def reset_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for confirmation, then make a default row anonymous again."""
        row = self.changeable(request, object_id)
        if row is None:
            return self.gone(request, object_id)
        if why := refused_reset(row):
            self.refuse(request, [why])
            return self.to(request, "change", row.pk)
        if request.method == "POST":
            self._reset(request, [row])
            return self.to(request, "changelist")
        return self.confirm(request, "reset", [row], [])

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for confirmation, then delete a row that is not a default row."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self.gone(request, object_id)
        if (row.is_default or row.source) and super().has_delete_permission(request):
            self.refuse(request, [owned(row) if row.source else is_default(row)])
            return self.to(request, "change", row.pk)
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        objects = deletion(self, request, [row])
        if request.method != "POST":
            args = (objects.rows, objects.refused)
            return self.confirm(request, "delete", *args, along=objects.along)
        if objects.refused:
            self.refuse(request, [why for _row, why in objects.refused])
            return self.to(request, "change", row.pk)
        with transaction.atomic(using=row.db_for_write):
            if _lock_unowned([row]):
                return super().delete_view(request, object_id, extra_context)
        return self.delete_view(request, object_id)  # which says whose it is by now

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who did what, with all stored checks and hand-overs, also those from the API."""
        row = self.get_object(request, unquote(object_id))
        checks = row.checks.all()[: Check.KEPT] if row else ()
        handovers = row.handovers.all()[: Check.KEPT] if row else ()
        source_changes = row.source_changes.all()[: Check.KEPT] if row else ()
        context = {
            "checks": [ShownCheck(check) for check in checks],
            "handovers": [ShownHandover(handover) for handover in handovers],
            "source_changes": [ShownSourceChange(change) for change in source_changes],
            "may_see_all": self.may_see(request, Check),
            "may_see_all_handovers": self.may_see(request, Handover),
            **(extra_context or {}),
        }
        return super().history_view(request, object_id, context)

    # Many rows

    @admin.action(description=_("Reset selected registries to default"), permissions=["change"])
    def reset_selected(
        self, request: HttpRequest, queryset: QuerySet[Registry]
    ) -> HttpResponse | None:
        rows = [row for row in queryset if refused_reset(row) is None]
        others = [(row, why) for row in queryset if (why := refused_reset(row))]
        if "post" not in request.POST:
            return self.confirm(request, "reset", rows, others, action="reset_selected")
        self.refuse(request, [why for _row, why in others])
        self._reset(request, rows)
        return None

    @admin.action(description=_("Delete selected registries"), permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Registry]
    ) -> HttpResponse | None:
        rows, others, along = deletion(self, request, queryset)
        if "post" not in request.POST:
            return self.confirm(
                request, "delete", rows, others, action="delete_selected", along=along
            )
        self.refuse(request, [why for _row, why in others])
        with transaction.atomic(using=router.db_for_write(Registry)):
            # Of those that were asked about: nothing that was added or adopted meanwhile.
            pks = _lock_unowned(rows)
            if pks:
                doomed = self.get_queryset(request).filter(pk__in=pks)
                self.log_deletions(request, doomed)
                self.delete_queryset(request, doomed)
        left = Registry.objects.filter(pk__in={row.pk for row in rows}.difference(pks))
        self.refuse(request, [owned(row) for row in left])
        if pks:
            count = len(pks)
            text = ngettext("Deleted %(count)d registry.", "Deleted %(count)d registries.", count)
            self.message_user(request, text % {"count": count}, messages.SUCCESS)
        return None

    def _reset(self, request: HttpRequest, rows: Iterable[Registry]) -> None:
        for row in rows:
            try:
                services.reset(row)
            except ChangedMeanwhile:
                text = gettext("“%(name)s” was changed meanwhile. Review it, then reset it again.")
                self.refuse(request, [text % {"name": row}])
                continue
            self.log_change(request, row, "Reset to default.")
            text = gettext("“%(name)s” is anonymous again.") % {"name": row}
            self.message_user(request, text, messages.SUCCESS)


def _lock_unowned(rows: Iterable[Registry]) -> list[int]:
    """Lock those of the rows that no file owns, and return their primary keys.

    A file may own one of them since it was read.
    """
    locked = Registry.objects.using(router.db_for_write(Registry)).select_for_update()
    free = locked.filter(pk__in=[row.pk for row in rows], source="")
    return list(free.values_list("pk", flat=True))
