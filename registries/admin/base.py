"""What all pages of the admin share."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from registries import conf, services
from registries.admin.display import LOOKS, ShownResult
from registries.checking.callers import Caller
from registries.models import Check, Handover, Registry
from registries.models.check import Origin
from registries.models.resetting import is_untouched
from registries.models.results import CheckResult
from registries.verdicts import Step, Verdict

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Registry]
else:
    _ModelAdmin = admin.ModelAdmin

LEVELS = {"ok": messages.SUCCESS, "warn": messages.WARNING, "bad": messages.ERROR}
# The session's key for the result of a check, until a page shows it.
WAITING = "registries_checked"
# Marks the message that this page does not repeat, because it shows the whole result.
SHOWN_IN_FULL = "registries-check"


class Pages(_ModelAdmin):
    """URLs, permissions, messages, and the result of a check for the next page."""

    def page_context(self, request: HttpRequest, **more: Any) -> dict[str, Any]:
        request.current_app = self.admin_site.name
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            "has_view_permission": self.has_view_permission(request),
            "has_change_permission": self.has_change_permission(request),
            "has_add_permission": self.has_add_permission(request),
            **more,
        }

    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        name = f"admin/registries/registry/{template}.html"
        return TemplateResponse(request, name, self.page_context(request, **context))

    def to(self, request: HttpRequest, page: str, *args: Any) -> HttpResponseRedirect:
        """Redirect to a page of this admin, and keep the list's filters."""
        name = f"admin:registries_registry_{page}"
        url = reverse(name, args=[quote(arg) for arg in args], current_app=self.admin_site.name)
        params: dict[str, Any] = {
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
        }
        return HttpResponseRedirect(add_preserved_filters(params, url))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Registry | None:
        """Return the row. Without this, an empty `_to_field` in the URL makes Django fail."""
        return super().get_object(request, object_id, from_field or None)

    def may_change(self, request: HttpRequest, row: Registry | None = None) -> bool:
        """Return whether the user may change, check and reset rows."""
        return super().has_change_permission(request, row)

    def has_change_permission(self, request: HttpRequest, obj: Registry | None = None) -> bool:
        # Rows that a file owns are only changed by the file.
        return self.may_change(request, obj) and not (obj and obj.source)

    def changeable(self, request: HttpRequest, object_id: str) -> Registry | None:
        """The row, for somebody who may change it or, if a file owns it, check it at least.

        Raises PermissionDenied.
        """
        row = self.get_object(request, unquote(object_id))
        if not self.may_change(request, row):
            raise PermissionDenied
        return row

    def gone(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = gettext("The registry with the ID “%(id)s” no longer exists.")
        self.message_user(request, text % {"id": unquote(object_id)}, messages.WARNING)
        return self.to(request, "changelist")

    def refuse(self, request: HttpRequest, texts: Iterable[str]) -> None:
        for text in texts:
            self.message_user(request, text, messages.ERROR)

    def may_see(self, request: HttpRequest, audit: type[Check | Handover]) -> bool:
        """Return whether the user may see a whole audit, and the site has its list."""
        pages = self.admin_site._registry.get(audit)
        return pages is not None and pages.has_view_permission(request)

    # Checks

    def too_many(self, error: services.TooManyChecks) -> str:
        """Return the message for a user who checked too often."""
        text = gettext(
            "You have checked %(count)d times within a minute. Check again in %(seconds)d seconds."
        )
        count = conf.get().checks_per_minute
        return text % {"count": count, "seconds": error.seconds}

    def store_result(self, request: HttpRequest, row: Registry, result: CheckResult) -> None:
        """Say how a check went, and keep its result for the next page.

        Where a registry answers by the other scheme, that is found out and kept with it.
        """
        look = LOOKS[result.verdict]
        text = f"{row}: {look.label}. {result.detail}"
        self.message_user(request, text, LEVELS[look.tone], extra_tags=SHOWN_IN_FULL)
        caller = Caller.of(request.user, Origin.ADMIN)
        request.session[WAITING] = {
            "pk": str(row.pk),
            "verdict": result.verdict.value,
            "code": result.code,
            "params": dict(result.params),
            "checked_at": result.checked_at.isoformat(),
            "other_address": services.other_scheme(row, result.code, caller),
            "steps": [[step.slug, step.passed, step.seconds] for step in result.steps],
        }

    def pop_result(self, request: HttpRequest) -> ShownResult | None:
        """Return the result for this page, if there is one, and forget it."""
        data = request.session.pop(WAITING, None)
        row = self.get_object(request, data["pk"]) if data else None
        if row is None or (checked_at := parse_datetime(data["checked_at"])) is None:
            return None
        result = CheckResult(
            Verdict(data["verdict"]),
            data["code"],
            checked_at,
            data["params"],
            steps=tuple(Step(*step) for step in data["steps"]),
            kind=row.kind,
        )
        return ShownResult(row, result, other_address=data.get("other_address"))


def owned(row: Registry) -> str:
    """Return why the row cannot be changed here."""
    text = gettext("The file “%(source)s” owns “%(name)s”: change it there, or release it first.")
    return text % {"name": row, "source": row.source}


def is_default(row: Registry) -> str:
    if is_untouched(row):
        text = gettext("“%(name)s” is a default registry: these are not deleted.")
    else:
        text = gettext("“%(name)s” is a default registry: reset it instead.")
    return text % {"name": row}
