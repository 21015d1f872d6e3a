"""The page that explains what a check may say: every verdict with its codes, and what to do."""

import re
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from registries.admin.base import Pages
from registries.admin.display import LOOKS, Look
from registries.verdicts import CODES, Verdict

# What stands in a sentence for a host, a time or a number that only a check knows.
UNKNOWN = "…"


class Outcome(NamedTuple):
    """A verdict's look, None for what is about an image, with its codes and their sentences."""

    look: Look | None
    codes: list[tuple[str, str]]


def outcomes() -> list[Outcome]:
    """Every verdict that a check may have, and last the codes that are about an image."""
    looks: list[tuple[Verdict | None, Look | None]] = [(each, LOOKS[each]) for each in Verdict]
    return [
        Outcome(
            look,
            [
                (name, re.sub(r"%\(\w+\)[sd]", UNKNOWN, gettext(code.sentence)))
                for name, code in CODES.items()
                if code.verdict is verdict
            ],
        )
        for verdict, look in [*looks, (None, None)]
    ]


class OutcomePages(Pages):
    """The page, to which every result of a check leads."""

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
