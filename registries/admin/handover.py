"""The page that hands over: choose a program, read the instructions, get the credentials."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from registries import services
from registries.admin.base import Pages
from registries.admin.display import ago
from registries.admin.guides import Foreseen, Guide, default_name, handover_address
from registries.client.errors import ClientError
from registries.handover import HandoverRefused
from registries.handover.consumers import CONSUMERS, Consumer
from registries.handover.consumers.consumer import filled
from registries.handover.form import rfc3339
from registries.handover.kubernetes import kubernetes
from registries.handover.kubernetes_names import check_namespace, check_secret_name
from registries.handover.recipient import PERMISSION, Recipient, address_of
from registries.handover.target import MAX_REGISTRIES, Target
from registries.models import Handover, Registry
from registries.models.handover import Way
from registries.models.results import detail_for
from registries.reference import InvalidReference
from registries.secrets.reports import hide_on_debug_pages

# The URL's parameters: the consumer, and the registries if there are several.
CONSUMER, REGISTRIES = "for", "registries"
# The header that says when the credentials expire.
EXPIRES = "Handover-Expires-At"
# A refusal for which this page has a longer message than the API.
IMAGE_NEEDED = _(
    "It answers for several hosts, and this program has to know which: set its address or a prefix"
    " on its page, or choose another program."
)
ONE_AT_A_TIME = _("This takes one registry at a time.")
NO_API = _("It asks this site's API, which this site does not have.")


def _checked(check: Callable[[str], None]) -> Callable[[str], None]:
    def validate(text: str) -> None:
        try:
            check(text)
        except InvalidReference as error:
            raise ValidationError(gettext(str(error)), code="invalid") from None

    return validate


class SecretForm(forms.Form):
    """The name and the namespace of the Kubernetes Secret."""

    name = forms.CharField(label=_("Name"), validators=[_checked(check_secret_name)])
    namespace = forms.CharField(label=_("Namespace"), validators=[_checked(check_namespace)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # The page's commands do not show invalid values.
            field.widget.attrs |= {
                "pattern": r"[a-z0-9]([a-z0-9.\-]*[a-z0-9])?",
                "class": "reg-mono",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }


class Refused(NamedTuple):
    """A registry that cannot be handed over to any program."""

    row: Registry
    code: str
    text: str


class Choice(NamedTuple):
    """A consumer, and why it cannot use these registries; empty if it can."""

    consumer: Consumer
    refusal: str


class HandingPages(Pages):
    """The page of one registry, or of several, and the action that leads to it."""

    def has_hand_over_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may hand over and view registries."""
        return request.user.has_perm(PERMISSION) and self.has_view_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"may_hand_over": self.has_hand_over_permission(request), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_hand_over"] = self.has_hand_over_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.hand_over_view)
        name = "registries_registry_hand_over"
        return [
            path("hand-over/", view, name=f"{name}_many"),
            path("<path:object_id>/hand-over/", view, name=name),
            *super().get_urls(),
        ]

    @admin.action(description=_("Hand over selected registries"), permissions=["hand_over"])
    def hand_over_selected(
        self, request: HttpRequest, queryset: QuerySet[Registry]
    ) -> HttpResponse | None:
        chosen = list(queryset.values_list("pk", flat=True)[: MAX_REGISTRIES + 1])
        if len(chosen) > MAX_REGISTRIES:
            text = gettext("Hand over at most %(count)d registries at once.")
            self.refuse(request, [text % {"count": MAX_REGISTRIES}])
            return None
        many = "admin:registries_registry_hand_over_many"
        url = reverse(many, current_app=self.admin_site.name)
        return HttpResponseRedirect(f"{url}?{REGISTRIES}={','.join(map(str, chosen))}")

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @method_decorator(sensitive_variables())
    def hand_over_view(self, request: HttpRequest, object_id: str = "") -> HttpResponse:
        """GET shows the instructions. POST returns the credentials as a file, never as a page."""
        hide_on_debug_pages(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self._rows(request, object_id)
        if not rows:
            return self.gone(request, object_id or request.GET.get(REGISTRIES, ""))
        consumer = CONSUMERS.get(request.GET.get(CONSUMER, ""))
        if request.method == "POST" and consumer and consumer.file:
            return self._hand_over(request, rows, consumer)
        if not self.has_hand_over_permission(request):
            raise PermissionDenied
        return self._show(request, rows, consumer)

    def _rows(self, request: HttpRequest, object_id: str) -> list[Registry]:
        if object_id:
            row = self.get_object(request, unquote(object_id))
            return [row] if row else []
        named = request.GET.get(REGISTRIES, "").split(",")[:MAX_REGISTRIES]
        chosen = [pk for pk in named if pk.isascii() and pk.isdigit() and len(pk) < 19]
        return list(self.get_queryset(request).filter(pk__in=chosen).order_by("name_key", "pk"))

    @method_decorator(sensitive_variables())
    def _hand_over(
        self, request: HttpRequest, rows: list[Registry], consumer: Consumer
    ) -> HttpResponse:
        form = _secret_form(consumer, rows, request.POST)
        if form and not form.is_valid():
            if not self.has_hand_over_permission(request):
                raise PermissionDenied
            return self._show(request, rows, consumer, form=form)
        secret: dict[str, str] = form.cleaned_data if form else {}
        recipient = Recipient.of(request.user, Way.ADMIN, address=address_of(request))
        target = Target(registries=tuple(row.pk for row in rows))
        try:
            handed = services.hand_over(consumer.form, target, recipient=recipient, **secret)
        except (HandoverRefused, ClientError) as error:
            if not recipient.is_permitted:
                raise PermissionDenied from None
            return self._show(request, rows, consumer, form=form, error=_sentence(error))
        response = HttpResponse(handed.text, content_type=handed.form.content_type)
        name = filled(consumer.file, {"name": secret.get("name") or default_name(rows)})
        response["Content-Disposition"] = content_disposition_header(True, name)
        response["Cache-Control"] = "no-store"
        response[EXPIRES] = rfc3339(handed.expires_at)
        return response

    def _show(
        self,
        request: HttpRequest,
        rows: list[Registry],
        consumer: Consumer | None,
        *,
        form: SecretForm | None = None,
        error: str = "",
    ) -> HttpResponse:
        """Return the page for the chosen consumer, with all others to choose from."""
        usable, refused = _sorted(rows)
        choices = [Choice(item, _why_not(request, item, usable)) for item in CONSUMERS.values()]
        chosen = next((item for item in choices if item.consumer is consumer), None)
        guide = None
        if chosen and usable and not chosen.refusal:
            guide = Guide.of(chosen.consumer, _foreseen(chosen.consumer, usable), request)
            form = form or _secret_form(chosen.consumer, usable)
        one = rows[0] if len(rows) == 1 else None
        return self.page(
            request,
            "hand_over",
            title=_("Hand over"),
            row=one,
            rows=rows,
            usable=usable,
            refused=refused,
            choices=choices,
            chosen=chosen,
            guide=guide,
            form=form,
            error=error,
            query="" if one else f"{REGISTRIES}={','.join(str(row.pk) for row in usable)}&",
            last=[(row, ago(row.last_handed_over)) for row in usable if row.last_handed_over],
            may_see_handovers=self.may_see(request, Handover),
            has_api=bool(handover_address(request)),
            is_owner=self.may_change(request, one),
        )


def _secret_form(
    consumer: Consumer, rows: Sequence[Registry], data: Any = None
) -> SecretForm | None:
    """Return the form for a consumer that uses a Kubernetes Secret."""
    if not consumer.is_secret:
        return None
    initial = {"name": default_name(rows), "namespace": consumer.namespace}
    return SecretForm(data, initial=initial)


def _sorted(rows: Sequence[Registry]) -> tuple[list[Registry], list[Refused]]:
    """Return the rows that can be handed over in the most general form, and those that cannot."""
    usable, refused = [], []
    for row in rows:
        try:
            services.preview_hand_over(kubernetes, [row])
            usable.append(row)
        except (HandoverRefused, ClientError) as error:
            refused.append(Refused(row, error.code, _sentence(error)))
    return usable, refused


def _why_not(request: HttpRequest, consumer: Consumer, rows: Sequence[Registry]) -> str:
    """Return why a consumer cannot use the registries, as far as that is known."""
    if len(rows) > 1 and not consumer.many:
        return str(ONE_AT_A_TIME)
    if not consumer.file and not handover_address(request):
        return str(NO_API)
    try:
        services.preview_hand_over(consumer.form, rows)
    except (HandoverRefused, ClientError) as error:
        return _sentence(error)
    return ""


def _foreseen(consumer: Consumer, rows: Sequence[Registry]) -> Foreseen:
    return [(row, services.preview_hand_over(consumer.form, [row])) for row in rows]


def _sentence(error: HandoverRefused | ClientError) -> str:
    if error.code == "image_needed":
        return str(IMAGE_NEEDED)
    if isinstance(error, HandoverRefused):
        return error.detail
    return detail_for(error.code, error.params, error.kind)
