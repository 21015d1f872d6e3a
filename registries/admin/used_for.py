"""What a row is used for: its hosts, and other rows for the same images."""

from collections.abc import Iterator
from copy import copy
from itertools import islice
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from registries.admin.base import Pages
from registries.admin.display import Look, answers, badges, breakable
from registries.forms import CHECK, SAVE_AND_CHECK, SAVE_AND_USE, USE, RegistryForm
from registries.kinds import KINDS
from registries.models import Registry
from registries.resolving.rivals import Rival, overlaps, shown_name

# How many rows for the same images are compared, and how many are shown.
LOOKED_AT, SHOWN = 500, 5


class ShownRival:
    """A row that answers for images of another one, as that one's page shows it.

    may_view: whether whoever reads it may see registries; else it has no name.
    """

    def __init__(self, rival: Rival, *, may_view: bool) -> None:
        self.rival = rival
        self.row = rival.row
        self.may_view = may_view

    @property
    def name(self) -> str:
        return shown_name(self.row.name, may_view=self.may_view)

    @property
    def badges(self) -> list[Look]:
        return badges(self.row) if self.may_view else []

    @property
    def hosts(self) -> SafeString:
        return breakable(answers(self.row) if self.may_view else "")

    @property
    def differs(self) -> str:
        return ", ".join(map(gettext, self.rival.differs))

    @property
    def sentence(self) -> str:
        """Which of the two rows is used."""
        if self.rival.comes_first and self.rival.takes_all:
            text = gettext("%(name)s is used for all of these images, so this one is never used.")
        elif self.rival.comes_first:
            text = gettext("%(name)s is used first for images that fit both.")
        elif self.rival.takes_all:
            text = gettext("This one is used instead of %(name)s, which is then never used.")
        else:
            text = gettext("This one is used before %(name)s for images that fit both.")
        return text % {"name": self.name}


class UsedForPages(Pages):
    """The part of a form that shows which images the row is used for."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.used_for_view)
        return [path("used-for/", view, name="registries_registry_used_for"), *super().get_urls()]

    @method_decorator(sensitive_post_parameters())
    @method_decorator(require_POST)
    def used_for_view(self, request: HttpRequest) -> HttpResponse:
        """Say of what is typed what it would be used for; nothing is saved.

        The page's script sends what is no secret, as text in the form's own fields.
        """
        key = request.GET.get("row")
        row = self.get_object(request, unquote(key)) if key else None
        may = self.has_change_permission(request, row) if key else self.has_add_permission(request)
        if not may:
            raise PermissionDenied
        kind = row.declaration if row else KINDS.get(request.GET.get("kind", ""))
        if kind is None or (key and row is None):
            return HttpResponseBadRequest()
        form: Any = self.get_form(request, row, change=row is not None)
        row = as_typed(form(request.POST, instance=row))
        return self.page(request, "used_for", **self.used_for(request, row))

    def used_for(self, request: HttpRequest, row: Registry) -> dict[str, Any]:
        """Return the hosts of the row, and other rows for the same images."""
        return {
            "kind": row.declaration,
            "used_for": breakable(answers(row) or answers(Registry(kind=row.kind))),
            "rivals": list(islice(self._shown_rivals(request, row), SHOWN)),
        }

    def _shown_rivals(self, request: HttpRequest, row: Registry) -> Iterator[ShownRival]:
        may_view = self.has_view_permission(request)
        rivals_shown = (ShownRival(rival, may_view=may_view) for rival in overlaps(row, LOOKED_AT))
        # Rows that are never used come first.
        return iter(sorted(rivals_shown, key=lambda item: not item.rival.takes_all))

    def tell_of_rivals(self, request: HttpRequest, row: Registry, *, is_moved: bool) -> None:
        """Tell whoever saved a row that it, or another one, is never used from now on.

        is_moved: whether it is new, or for other images than before.
        """
        for item in islice(self._shown_rivals(request, row), SHOWN):
            rival, names = item.rival, {"name": row, "other": item.name}
            if rival.takes_all and rival.comes_first:
                text = gettext("“%(name)s” is never used: %(other)s is used for all of its images.")
                self.message_user(request, text % names, messages.WARNING)
            elif rival.takes_all and is_moved:
                text = gettext("“%(name)s” is now used instead of %(other)s.")
                level = messages.INFO if rival.row.is_default else messages.WARNING
                self.message_user(request, text % names, level)


def as_typed(form: RegistryForm) -> Registry:
    """Return the row as the form would save it, with dashes for values that are still missing."""
    errors, row = form.errors, copy(form.instance)
    for name in {"prefix", *form.kind.address}.intersection(errors):
        setattr(row, name, "")
    if not form.is_bound and row._state.adding:
        for variable in form.kind.variables:
            setattr(row, variable.name, variable.initial or None)
    for name in form.chosen.variables:
        if not row.raw_value(name) and name not in form.kind.address:
            setattr(row, name, "-")
    return row


def use_address(request: HttpRequest) -> None:
    """Put the address of the pressed button into the form, and check with it."""
    for use, check in ((USE, CHECK), (SAVE_AND_USE, SAVE_AND_CHECK)):
        if use in request.POST:
            posted = request.POST.copy()
            posted["url"], posted[check] = str(posted[use]), "1"
            request.POST = posted  # type: ignore[assignment]  # mutable until it is read
