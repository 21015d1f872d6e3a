"""The page that explains all verdicts and codes of checks, and what to do."""

from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from registries.admin.base import Pages
from registries.admin.display import LOOKS, Look
from registries.explanations import EXPLANATIONS, VERDICTS, Explanation
from registries.verdicts import CODES, Verdict

# For codes without a verdict of their own.
ABOUT_AN_IMAGE = _("These are about an image. The verdict stays that of the sign-in.")


class Outcome(NamedTuple):
    """A verdict's look (None for codes about an image), its meaning, and its codes."""

    look: Look | None
    meaning: Any
    codes: list[tuple[str, Explanation]]


def explained(code: str) -> Explanation:
    """Return what a code means, in the current language. Raises KeyError for an unknown code."""
    return Explanation(*map(gettext, EXPLANATIONS[code]))


def outcomes() -> list[Outcome]:
    """Return all verdicts, and last the codes about images."""
    heads: list[tuple[Verdict | None, Look | None, Any]] = [
        *((item, LOOKS[item], gettext(VERDICTS[item])) for item in Verdict),
        (None, None, ABOUT_AN_IMAGE),
    ]
    return [
        Outcome(
            look,
            meaning,
            [(name, explained(name)) for name, code in CODES.items() if code.verdict is verdict],
        )
        for verdict, look, meaning in heads
    ]


class OutcomePages(Pages):
    """The page that all results of checks link to."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.outcomes_view)
        return [path("outcomes/", view, name="registries_registry_outcomes"), *super().get_urls()]

    @method_decorator(require_safe)
    def outcomes_view(self, request: HttpRequest) -> HttpResponse:
        """Explain each verdict and code."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context: dict[str, Any] = {"title": gettext("What a check says"), "outcomes": outcomes()}
        return self.page(request, "outcomes", **context)
