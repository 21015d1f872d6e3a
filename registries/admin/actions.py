"""Check, reset and delete, one row or many; what cannot be undone asks first."""

import time
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from threading import BoundedSemaphore
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from registries import services
from registries.admin.base import Pages, is_default, not_default
from registries.admin.deleting import deletion
from registries.admin.display import ShownCheck, ShownResult, milliseconds
from registries.checking.callers import Caller
from registries.models import ChangedMeanwhile, Check, Registry
from registries.models.check import Origin
from registries.models.results import CheckResult
from registries.secrets.sealing import Secret

# So few rows are checked before a progress bar could be read.
FEW = 5
# What is sent after so many seconds without a result. It changes nothing on the page, and shows
# whether anybody still reads it: who has left is noticed when something is sent to him.
BEAT, SECONDS = "\n", 1.0
# Pages of many checks that one process writes at a time: each holds a thread of the server.
_pages = BoundedSemaphore(2)
# Where the page of a bulk check is cut: what comes before is sent at once.
CUT = "<!-- results -->"
Checked = tuple[Registry, CheckResult]
FROM_LIST = "_list"


class ActionPages(Pages):
    """Buttons of a row, actions of the list, and their confirmations."""

    actions = ("check_selected", "reset_selected", "delete_selected")

    def has_delete_permission(self, request: HttpRequest, obj: Registry | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_default)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        urls = [
            path(
                "<path:object_id>/check/", wrap(self.check_view), name="registries_registry_check"
            ),
            path(
                "<path:object_id>/reset/", wrap(self.reset_view), name="registries_registry_reset"
            ),
            *super().get_urls(),
        ]
        # Where a site wraps every request in a transaction, checks would hold it open while they
        # wait for the network. What these pages write, they write in transactions of their own.
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
            self.tell(request, row, result)
        if FROM_LIST in request.POST:
            return self.to(request, "changelist")
        return self.to(request, "change", row.pk)

    def reset_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then make a default row anonymous again."""
        row = self.changeable(request, object_id)
        if row is None:
            return self.gone(request, object_id)
        if not row.is_default:
            self.refuse(request, [not_default(row)])
            return self.to(request, "change", row.pk)
        if request.method == "POST":
            self._reset(request, [row])
            return self.to(request, "changelist")
        return self._confirm(request, "reset", [row], [])

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then delete a row that is no default."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self.gone(request, object_id)
        if row.is_default and super().has_delete_permission(request):
            self.refuse(request, [is_default(row)])
            return self.to(request, "change", row.pk)
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        found = deletion(self, request, [row])
        if request.method != "POST":
            return self._confirm(request, "delete", found.rows, found.refused, along=found.along)
        if found.refused:
            self.refuse(request, [why for _row, why in found.refused])
            return self.to(request, "change", row.pk)
        return super().delete_view(request, object_id, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who did what, and every check that is kept, the admin's own or not."""
        row = self.get_object(request, unquote(object_id))
        checks = row.checks.all()[: Check.KEPT] if row else ()
        context = {
            "checks": [ShownCheck(check) for check in checks],
            "may_see_all": self.may_see_checks(request),
            **(extra_context or {}),
        }
        return super().history_view(request, object_id, context)

    def may_see_checks(self, request: HttpRequest) -> bool:
        """Whether this user may see the list of all checks, and this site has it."""
        pages = self.admin_site._registry.get(Check)
        return pages is not None and pages.has_view_permission(request)

    # Many rows

    @admin.action(description=_("Check selected registries"), permissions=["change"])
    def check_selected(
        self, request: HttpRequest, queryset: QuerySet[Registry]
    ) -> HttpResponseBase:
        rows = list(queryset)
        # The page comes as the results do: progress that needs no script.
        parts = self._checking(request, rows)
        if len(rows) <= FEW:
            return HttpResponse(parts)
        is_asgi = isinstance(request, ASGIRequest)
        response = StreamingHttpResponse(_awaited(parts) if is_asgi else parts)
        response["X-Accel-Buffering"] = "no"
        return response

    def _checking(
        self, request: HttpRequest, rows: Sequence[Registry]
    ) -> Generator[str, None, None]:
        context = self.page_context(request, title=_("Check registries"), count=len(rows))
        page = render_to_string("admin/registries/registry/check.html", context, request)
        before, _cut, after = page.partition(CUT)
        yield before
        with _page(len(rows)) as may_write:
            if may_write:
                yield from self._results(request, rows, context)
            else:
                text = _("Others are checking many registries just now. Try again in a minute.")
                yield format_html('<p class="reg-note reg-note--warn" role="status">{}</p>', text)
        yield after

    def _results(
        self, request: HttpRequest, rows: Sequence[Registry], context: dict[str, Any]
    ) -> Generator[str, None, None]:
        started, done, fine = time.monotonic(), 0, 0
        with closing(_checks(rows, Caller.of(request.user, Origin.BULK))) as checks:
            for each in checks:
                if each is None:
                    yield BEAT
                    continue
                row, result = each
                done += 1
                fine += result.is_fine
                parts = {"shown": ShownResult(row, result), "done": done, "count": len(rows)}
                yield render_to_string("registries/checked.html", {**context, **parts}, request)
        told = {"count": done, "fine": fine, "attention": done - fine}
        taken = milliseconds(time.monotonic() - started)
        yield render_to_string("registries/check_summary.html", {**told, "time": taken})

    @admin.action(description=_("Reset selected registries to default"), permissions=["change"])
    def reset_selected(
        self, request: HttpRequest, queryset: QuerySet[Registry]
    ) -> HttpResponse | None:
        rows = [row for row in queryset if row.is_default]
        others = [(row, not_default(row)) for row in queryset if not row.is_default]
        if "post" not in request.POST:
            return self._confirm(request, "reset", rows, others, "reset_selected")
        self.refuse(request, [why for _row, why in others])
        self._reset(request, rows)
        return None

    @admin.action(description=_("Delete selected registries"), permissions=["delete"])
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[Registry]
    ) -> HttpResponse | None:
        rows, others, along = deletion(self, request, queryset)
        if "post" not in request.POST:
            return self._confirm(request, "delete", rows, others, "delete_selected", along)
        self.refuse(request, [why for _row, why in others])
        if rows:
            doomed = queryset.exclude(pk__in=[row.pk for row, _why in others])
            self.log_deletions(request, doomed)
            self.delete_queryset(request, doomed)
            text = ngettext(
                "Deleted %(count)d registry.", "Deleted %(count)d registries.", len(rows)
            )
            self.message_user(request, text % {"count": len(rows)}, messages.SUCCESS)
        return None

    def _reset(self, request: HttpRequest, rows: Iterable[Registry]) -> None:
        for row in rows:
            try:
                services.reset(row)
            except ChangedMeanwhile:
                text = gettext("“%(name)s” was saved meanwhile. Look at it, then reset it again.")
                self.refuse(request, [text % {"name": row}])
                continue
            self.log_change(request, row, "Reset to default.")
            text = gettext("“%(name)s” is anonymous again.") % {"name": row}
            self.message_user(request, text, messages.SUCCESS)

    def _confirm(
        self,
        request: HttpRequest,
        verb: str,
        rows: list[Registry],
        refused: list[tuple[Registry, str]],
        action: str | None = None,
        along: Mapping[str, int] | None = None,
    ) -> HttpResponse:
        """The page that lists what will be touched, what will not, and why."""
        return self.page(
            request,
            "confirm",
            title=_("Reset to default") if verb == "reset" else _("Delete registries"),
            verb=verb,
            rows=[(row, _holdings(row)) for row in rows],
            refused=refused,
            count=len(rows) + len(refused),
            action=action,
            action_checkbox_name=ACTION_CHECKBOX_NAME,
            along=", ".join(f"{name} ({number})" for name, number in (along or {}).items()),
            is_popup=IS_POPUP_VAR in request.GET,
        )


async def _awaited(parts: Generator[str, None, None]) -> AsyncIterator[str]:
    """The parts for an ASGI server; of a plain generator it would wait for the last one first."""
    try:
        while (part := await sync_to_async(lambda: next(parts, None))()) is not None:
            yield part
    finally:
        await sync_to_async(parts.close)()


@contextmanager
def _page(count: int) -> Iterator[bool]:
    """Whether a page with so many checks may be written now; few are done before anybody waits."""
    if count <= FEW:
        yield True
        return
    may_write = _pages.acquire(blocking=False)
    try:
        yield may_write
    finally:
        if may_write:
            _pages.release()


def _checks(rows: Sequence[Registry], caller: Caller) -> Generator[Checked | None, None, None]:
    """Each row with its result; None where nothing ended for a while. Closed, it waits for none."""
    if len(rows) <= FEW:
        yield from zip(rows, services.check_many(rows, caller=caller), strict=True)
        return
    with closing(services.check_in_background(rows, caller=caller, beat=SECONDS)) as checks:
        yield from checks


def _holdings(row: Registry) -> list[tuple[str, Any]]:
    """The names of what a row holds, secrets with the time since when they are set."""
    held = {variable.name: row.raw_value(variable.name) for variable in row.declaration.variables}
    held |= {"prefix": row.prefix, "ca_certificate": row.ca_certificate}
    return [
        (name, value if isinstance(value, Secret) else None)
        for name, value in held.items()
        if value
    ]
