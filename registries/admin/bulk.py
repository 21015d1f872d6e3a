"""Checks many rows, and streams the results to the page, with or without JavaScript."""

import time
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from threading import BoundedSemaphore
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import admin
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from registries import services
from registries.admin.base import Pages
from registries.admin.display import ShownResult, milliseconds
from registries.checking.callers import Caller
from registries.models import Registry
from registries.models.check import Origin
from registries.models.results import CheckResult

# This many rows are checked before anybody could read a progress bar.
FEW = 5
# This is sent after so many seconds without a result. It does not change the page, but shows the
# server whether the reader has left.
BEAT, SECONDS = "\n", 1.0
# How many such pages a process writes at a time, because each occupies a thread of the server.
_pages = BoundedSemaphore(2)
# The page is cut here: the first part is sent at once.
CUT = "<!-- results -->"
# How many of the waiting rows are named.
NAMED = 10
# The page's script first requests the page with all rows waiting, and then only the results.
SCRIPT, RESULTS = "page", "results"
Checked = tuple[Registry, CheckResult]


class BulkPages(Pages):
    """The action that checks rows, and its page."""

    @admin.action(description=_("Check selected registries"), permissions=["change"])
    def check_selected(
        self, request: HttpRequest, queryset: QuerySet[Registry]
    ) -> HttpResponseBase:
        rows = list(queryset)
        if (script := request.POST.get("_script")) == SCRIPT:
            return self.page(request, "check", **self._about(rows), waiting=rows, is_live=True)
        # The page is streamed with the results, so progress needs no JavaScript.
        parts = self._checking(request, rows, are_alone=script == RESULTS)
        if len(rows) <= FEW:
            return HttpResponse(parts)
        is_asgi = isinstance(request, ASGIRequest)
        response = StreamingHttpResponse(_awaited(parts) if is_asgi else parts)
        response["X-Accel-Buffering"] = "no"
        return response

    def _about(self, rows: Sequence[Registry]) -> dict[str, Any]:
        chosen = ",".join(str(row.pk) for row in rows)
        return {"title": _("Check registries"), "count": len(rows), "done": 0, "chosen": chosen}

    def _checking(
        self, request: HttpRequest, rows: Sequence[Registry], *, are_alone: bool
    ) -> Generator[str, None, None]:
        """Yield the parts of the page, or only the results."""
        context = self.page_context(request, **self._about(rows), **_waiting(rows))
        page = render_to_string("admin/registries/registry/check.html", context, request)
        before, _cut, after = page.partition(CUT)
        if not are_alone:
            yield before
        with _page(len(rows)) as may_write:
            if may_write:
                yield from self._results(request, rows, context)
            else:
                text = _("Others are checking many registries right now. Try again in a minute.")
                yield format_html('<p class="reg-note reg-note--warn" role="status">{}</p>', text)
        if not are_alone:
            yield after

    def _results(
        self, request: HttpRequest, rows: Sequence[Registry], context: dict[str, Any]
    ) -> Generator[str, None, None]:
        started, waiting, failed = time.monotonic(), {row.pk: row for row in rows}, []
        with closing(_checks(rows, Caller.of(request.user, Origin.BULK))) as checks:
            for check in checks:
                if check is None:
                    yield BEAT
                    continue
                row, result = check
                waiting.pop(row.pk, None)
                if not result.is_fine:
                    failed.append(row)
                parts = {"shown": ShownResult(row, result), "done": len(rows) - len(waiting)}
                parts |= _waiting([*waiting.values()])
                yield render_to_string("registries/checked.html", {**context, **parts}, request)
        summary = {"fine": len(rows) - len(failed), "attention": len(failed)}
        summary |= {"again": self._about(failed)["chosen"]}
        duration = milliseconds(time.monotonic() - started)
        yield render_to_string(
            "registries/check_summary.html", {**context, **summary, "time": duration}, request
        )


def _waiting(rows: Sequence[Registry]) -> dict[str, Any]:
    return {"next_rows": rows[:NAMED], "others": max(0, len(rows) - NAMED)}


async def _awaited(parts: Generator[str, None, None]) -> AsyncIterator[str]:
    """Yield the parts for an ASGI server, which would collect all parts of a plain generator."""
    try:
        while (part := await sync_to_async(lambda: next(parts, None))()) is not None:
            yield part
    finally:
        await sync_to_async(parts.close)()


@contextmanager
def _page(count: int) -> Iterator[bool]:
    """Return whether a page with so many checks may be streamed now. A few checks always may."""
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
    """Yield rows with their results, and None when no check ended for a while.

    When the generator is closed, it does not wait for running checks.
    """
    if len(rows) <= FEW:
        yield from zip(rows, services.check_many(rows, caller=caller), strict=True)
        return
    with closing(services.check_in_background(rows, caller=caller, beat=SECONDS)) as checks:
        yield from checks
