"""The page that shows which registry is used for an image, and why; on request also its tags."""

from math import ceil
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from registries import services
from registries.admin.base import Pages
from registries.admin.display import ShownResult, answers, badges, breakable
from registries.client.errors import ClientError
from registries.models import Registry
from registries.models.results import detail_for
from registries.reference import InvalidReference, Reference
from registries.resolving.explain import explain
from registries.throttles import OutgoingThrottle

# How many tags the page shows.
SHOWN_TAGS = 100
# The button that calls the registry.
ASK = "ask"
TOO_OFTEN = _("You had registries asked very often. Ask again in %(seconds)d seconds.")


class ImageForm(forms.Form):
    """The box for a pasted image's name."""

    image = forms.CharField(
        label=_("Which registry reads this image?"),
        required=False,  # the parser reports an empty name
        widget=forms.TextInput(
            attrs={
                "class": "reg-mono",
                "placeholder": "ghcr.io/acme/app:1.0",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )

    def clean_image(self) -> Reference:
        try:
            return Reference.from_pasted(self.cleaned_data["image"])
        except InvalidReference as error:
            raise ValidationError(gettext(str(error)), code="invalid") from None


class ImagePages(Pages):
    """The page that shows which registry is used for an image. It can be bookmarked."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.image_view)
        return [path("image/", view, name="registries_registry_image"), *super().get_urls()]

    @method_decorator(require_safe)
    def image_view(self, request: HttpRequest) -> HttpResponse:
        """Find the row that is used for an image, and explain why."""
        may_ask = request.user.has_perm("registries.query_registry")
        if not self.has_view_permission(request) or (ASK in request.GET and not may_ask):
            raise PermissionDenied
        form = ImageForm(request.GET if "image" in request.GET else None)
        context: dict[str, Any] = {"title": form["image"].label, "image_form": form}
        if form.is_valid():
            context |= self._answer(request, form.cleaned_data["image"]) | {"may_ask": may_ask}
        return self.page(request, "image", **context)

    def _answer(self, request: HttpRequest, reference: Reference) -> dict[str, Any]:
        best, why = explain(reference)
        # `explain` loads only the columns that it needs.
        row = best and self.get_object(request, str(best.pk))
        context = {"reference": reference, "why": [text.render(gettext) for text in why]}
        if row is None:
            return context
        context |= {
            "row": row,
            "hosts": breakable(answers(row)),
            "badges": badges(row),
            "last": ShownResult(row, row.last_check) if row.last_check else None,
        }
        if ASK not in request.GET or not _is_asked_here(request):
            return context
        throttle: Any = OutgoingThrottle()  # it accepts Django's own requests too
        if throttle.allow_request(request, None):
            return context | ask(row, reference)
        error = str(TOO_OFTEN) % {"seconds": max(1, ceil(throttle.wait() or 1))}
        return context | {"is_asked": True, "errors": [error]}


def ask(row: Registry, reference: Reference) -> dict[str, Any]:
    """Return the current digest and tags of an image, or error messages."""
    manifest, tags = services.look_up(row, reference, SHOWN_TAGS + 1)
    errors = [result for result in (manifest, tags) if isinstance(result, ClientError)]
    context: dict[str, Any] = {
        "is_asked": True,
        "errors": list(
            dict.fromkeys(detail_for(error.code, error.params, row.kind) for error in errors)
        ),
    }
    if not isinstance(manifest, ClientError):
        context["manifest"] = manifest
    if not isinstance(tags, ClientError):
        repository = f"{reference.host}/{reference.repository}"
        context["tags"] = [(tag, f"{repository}:{tag}") for tag in tags[:SHOWN_TAGS]]
        context["has_more_tags"] = len(tags) > SHOWN_TAGS
    return context


def _is_asked_here(request: HttpRequest) -> bool:
    """Whether no page of another site led here: those shall not make us call a registry.

    Browsers say whose page made them ask (https://www.w3.org/TR/fetch-metadata/), but over http
    only at which address it is.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in {"none", "same-origin"}
    own = f"{request.scheme}://{request.get_host()}/"
    return request.headers.get("Referer", "").startswith(own)
