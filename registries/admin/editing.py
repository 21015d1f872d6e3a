"""The chooser of a kind, and the form of a row: check typed values, save, and show conflicts."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import AdminErrorList
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from registries import services
from registries.admin.base import owned
from registries.admin.conflict import conflict
from registries.admin.display import ShownResult, badges
from registries.admin.ends import ShownEnd
from registries.admin.history import last_changes
from registries.admin.howto import rendered
from registries.admin.month import Month
from registries.admin.owned import RELEASE
from registries.admin.schedule import NextCheck
from registries.admin.status import (
    ANY_SERVER,
    Tile,
    add_heading,
    overview,
    past_verdicts,
    sorted_kinds,
)
from registries.admin.used_for import UsedForPages, as_typed, use_address
from registries.admin.viewing import viewed
from registries.checking.callers import Caller
from registries.forms import CHECK, SAVE_AND_CHECK, RegistryForm, form_class
from registries.handover.recipient import PERMISSION
from registries.kinds import KINDS, Kind
from registries.models import ChangedMeanwhile, Registry
from registries.models.check import Origin
from registries.models.resetting import is_untouched
from registries.reference import InvalidReference
from registries.secrets.reports import hide_on_debug_pages
from registries.secrets.sealing import Secret

# Django's own buttons, which lead to other pages after saving.
ADD_ANOTHER = "_addanother"
STOCK_BUTTONS = {"_continue", ADD_ANOTHER, IS_POPUP_VAR}


class FormPages(UsedForPages):
    """The chooser of a kind, and the form of each kind."""

    change_form_template = "admin/registries/registry/change_form.html"

    def get_form(
        self, request: HttpRequest, obj: Registry | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if kind := self._kind(request, obj):
            may = {
                "may_change": self.has_change_permission(request, obj),
                "may_view": self.has_view_permission(request),
                "may_hand_over": request.user.has_perm(PERMISSION),
            }
            form = form_class(kind)
            kwargs["form"] = type(form.__name__, (form,), may)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Registry | None = None) -> Any:
        kind = self._kind(request, obj)
        if kind is None:
            return super().get_fieldsets(request, obj)
        is_viewed = obj is not None and not self.has_change_permission(request, obj)
        # The page of the form arranges the fields itself.
        common, variables = (
            viewed(kind) if is_viewed else ([], [variable.name for variable in kind.variables])
        )
        return [
            (_("Registry"), {"fields": ["name", *common, "prefix"]}),
            (_("Sign in with"), {"fields": [*variables, "expires_on"]}),
            (_("Connection"), {"fields": ["verify_tls", "ca_certificate"]}),
            (_("Hand over"), {"fields": ["handover"]}),
            *([] if is_viewed else [(_("Schedule"), {"fields": ["check_every"]})]),
        ]

    def _kind(self, request: HttpRequest, obj: Registry | None) -> Kind | None:
        return KINDS.get(obj.kind if obj else request.GET.get("kind", ""))

    # Choosing

    def _choose_kind(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        counts = overview(self.get_queryset(request)).kinds
        counted = [(kind, counts[kind.slug]) for kind in sorted_kinds()]
        return self.page(
            request,
            "choose_kind",
            title=_("Add registry"),
            known=[(kind, count) for kind, count in counted if kind is not ANY_SERVER],
            others=[(kind, count) for kind, count in counted if kind is ANY_SERVER],
            is_unknown="kind" in request.GET,
            is_popup=IS_POPUP_VAR in request.GET,
        )

    # The form

    # Error reports hide the local variables of this method and of everything it calls, because many
    # contain typed secrets.
    @method_decorator(sensitive_post_parameters())
    @method_decorator(sensitive_variables())
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        hide_on_debug_pages(request)
        if object_id is None and request.GET.get("kind") not in KINDS:
            return self._choose_kind(request)
        extra = dict(extra_context or {})
        use_address(request)
        if {CHECK, SAVE_AND_CHECK}.intersection(request.POST):
            may_add = object_id is not None or self.has_add_permission(request)
            if not (may_add and self.has_change_permission(request)):
                raise PermissionDenied
            # This must happen before a transaction is opened.
            if CHECK in request.POST:
                extra |= self._try(request, object_id)
        try:
            response = super().changeform_view(request, object_id, form_url, extra)
        except (ChangedMeanwhile, IntegrityError, ValidationError):
            # Somebody else saved between the form's validation and the write. Validated again, the
            # form reports it, and shows everything that was typed.
            response = super().changeform_view(request, object_id, form_url, extra)
        if saved := getattr(request, "_registry_saved", None):
            return self._check_saved(request, saved)
        return response

    def _try(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """Check what is in the form; nothing is saved."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if object_id and row is None:
            return {}
        if not self.may_change(request, row) or (row and row.source):
            raise PermissionDenied
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        if form.errors:
            return {}
        try:
            self._tell_notices(request, _notices(form.instance))
            caller = Caller.of(request.user, Origin.FORM)
            image = form.cleaned_data["image"] or None
            result = services.check(form.instance, image, caller=caller)
        except InvalidReference as error:
            return {"image_error": gettext(str(error))}
        except services.TooManyChecks as error:
            return {"too_many": self.too_many(error)}
        # If nothing was typed, the stored row was checked, so the result is stored on it.
        is_kept = row is not None and not form.instance.changed()
        other = services.other_scheme(form.instance, result.code, caller)
        return {"shown": ShownResult(form.instance, result, is_kept, other_address=other)}

    def _check_saved(self, request: HttpRequest, row: Registry) -> HttpResponse:
        try:
            caller = Caller.of(request.user, Origin.ADMIN)
            image = request.POST.get("image", "").strip() or None
            result = services.check(row, image, caller=caller)
        except InvalidReference as error:
            self.refuse(request, [gettext(str(error))])
        except services.TooManyChecks as error:
            self.refuse(request, [self.too_many(error)])
        else:
            self.store_result(request, row, result)
        return self.to(request, "change", row.pk)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        row = super().save_form(request, form, change)
        # Now, because a typed secret is not encrypted yet. They are shown after the row is saved.
        request._registry_notices = _notices(row)  # type: ignore[attr-defined]  # for _tell_more
        moved = not change or not {"prefix", *form.kind.address}.isdisjoint(form.changed_data)
        request._registry_moved = moved  # type: ignore[attr-defined]  # for _tell_more
        return row

    def response_add(
        self, request: HttpRequest, obj: Registry, post_url_continue: str | None = None
    ) -> HttpResponse:
        if ADD_ANOTHER in request.POST:
            self.message_user(
                request, gettext("Added “%(name)s”.") % {"name": obj}, messages.SUCCESS
            )
            response: HttpResponse = HttpResponseRedirect(f"{request.path}?kind={obj.kind}")
        elif STOCK_BUTTONS.intersection(request.POST):
            response = super().response_add(request, obj, post_url_continue)
        else:
            response = self._saved(request, obj, gettext("Added “%(name)s”."))
        self._tell_more(request, obj)
        return response

    def response_change(self, request: HttpRequest, obj: Registry) -> HttpResponse:
        if STOCK_BUTTONS.intersection(request.POST):
            response = super().response_change(request, obj)
        else:
            response = self._saved(request, obj, gettext("Saved “%(name)s”."))
        self._tell_more(request, obj)
        return response

    def _tell_more(self, request: HttpRequest, row: Registry) -> None:
        is_moved: bool = request._registry_moved  # type: ignore[attr-defined]  # by save_form
        self.tell_of_rivals(request, row, is_moved=is_moved)
        notices: list[str] = request._registry_notices  # type: ignore[attr-defined]  # by save_form
        self._tell_notices(request, notices)

    def _tell_notices(self, request: HttpRequest, texts: Iterable[str]) -> None:
        for text in texts:
            self.message_user(request, gettext(text), messages.WARNING)

    def _saved(self, request: HttpRequest, row: Registry, text: str) -> HttpResponse:
        self.message_user(request, text % {"name": row}, messages.SUCCESS)
        if SAVE_AND_CHECK in request.POST:
            # It is checked after the transaction that saves it.
            request._registry_saved = row  # type: ignore[attr-defined]  # for changeform_view
        return self.response_post_save_change(request, row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj: Registry | None = kwargs.get("obj")
        kind = self._kind(request, obj)
        form = context["adminform"].form
        if error := context.get("image_error"):
            form.add_error("image", error)
            context["errors"] = AdminErrorList(form, [])
        if kind and isinstance(form, RegistryForm):
            context |= self._form_context(request, form, kind, obj)
            context.setdefault("shown", self.pop_result(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def _form_context(
        self, request: HttpRequest, form: RegistryForm, kind: Kind, obj: Registry | None
    ) -> dict[str, Any]:
        context: dict[str, Any] = {
            "kind": kind,
            "howto": rendered(kind.howto),
            "heading": add_heading(kind),
            "form": form,
            **self.used_for(request, as_typed(form)),
            "is_editable": self.has_change_permission(request, obj)
            if obj
            else self.has_add_permission(request),
            "can_check": self.may_change(request, obj),
            "is_connection_open": _is_connection_open(form, kind),
        }
        if obj is None:
            return context
        # A form with errors has changed its copy of the row.
        row = self.get_object(request, str(obj.pk)) if form.is_bound else obj
        if row is None:
            return context
        past = past_verdicts([row])[row.pk]
        own_host = row.prefix or kind.own_host(row.plain_values()) or kind.home(row.plain_values())
        return context | {
            "row": row,
            "own_host": own_host or "",
            "image_start": f"{own_host}/" if own_host else "",
            "may_ask": bool(own_host) and request.user.has_perm("registries.query_registry"),
            "badges": badges(row),
            "tile": Tile.of(row, past),
            "next_check": NextCheck.of(row),
            "end": ShownEnd.of(row),
            "last_changes": last_changes(row),
            "month": Month.of(row),
            "can_reset": row.is_default
            and not is_untouched(row)
            and self.has_change_permission(request, row),
            "can_delete": self.has_delete_permission(request, row),
            "owned": owned(row) if row.source else "",
            "may_release": request.user.has_perm(RELEASE),
            **(conflict(form, row) if form.is_conflict else {}),
        }


def _is_connection_open(form: RegistryForm, kind: Kind) -> bool:
    """Return whether TLS and CA are expanded; hosted services hardly ever need them."""
    row = form.instance
    is_special = not row.verify_tls or row.ca_certificate
    return bool(not kind.hosts or is_special or {"verify_tls", "ca_certificate"} & {*form.errors})


def _notices(row: Registry) -> list[str]:
    """Return notices about values that are accepted but will hardly work. Decrypts nothing."""
    raw_values = {name: row.raw_value(name) for name in row.provided()}
    values = {
        name: value.reveal() if isinstance(value, Secret) and not value.is_sealed else str(value)
        for name, value in raw_values.items()
    }
    return row.declaration.notices(values)
