"""Importing in the admin: a file, what would become of each entry, and what was added of them.

A file holds secrets. It is read only once it is known who sends it, stays in memory, and comes
back in the page sealed (`registries.importing.keeping`).
"""

from collections.abc import Set as AbstractSet
from math import ceil
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from registries.admin.base import Pages
from registries.admin.display import answers, badges, breakable
from registries.admin.uploading import SEALED, Bounded, ImportForm
from registries.importing.planning import Planned, Rights, State, plan
from registries.importing.writing import NotWritten, write
from registries.kinds import KINDS
from registries.models import Registry
from registries.secrets.reports import hide_on_debug_pages
from registries.throttles import ImportThrottle

# The button that adds what is ticked, and the boxes.
ADD, BOX = "_add", "entry"
# Where the primary keys of what was added wait for the page that shows them.
ADDED = "registries_imported"
# Other fields that come with the boxes, at most.
OTHER_FIELDS = 10
TOO_OFTEN = _("You had files read very often. Try again in %(seconds)d seconds.")
MESSAGE = gettext_noop("Imported from a file.")
# The parts of the plan, and what is said of each.
PARTS = {
    State.NEW: (_("New"), ""),
    State.CONFLICT: (
        _("Conflicts"),
        _("Tick what to add beside what is there. Nothing is overwritten."),
    ),
    State.INCOMPLETE: (_("Incomplete"), ""),
    State.HERE: (_("Already here"), ""),
    State.REFUSED: (_("Cannot be imported"), ""),
}


class Changed(Exception):
    """What is ticked is not as the page said. `numbers` are those of the entries."""

    def __init__(self, planned: list[Planned], numbers: set[int]) -> None:
        super().__init__("changed")
        self.planned, self.numbers = planned, numbers


class ShownEntry(NamedTuple):
    """An entry as the plan shows it. box: what its box sends; empty where it has none."""

    planned: Planned
    number: int
    box: str
    is_ticked: bool
    is_changed: bool

    @property
    def kind_label(self) -> str:
        kind = KINDS.get(self.planned.kind)
        return gettext(kind.label) if kind else ""

    @property
    def place(self) -> Any:
        return breakable(self.planned.place)


class ShownPart(NamedTuple):
    """The entries that one thing becomes of."""

    state: State
    label: Any
    note: Any
    entries: list[ShownEntry]


class ImportPages(Pages):
    """The page that takes a file and shows its plan, and that of what was added."""

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "registries_registry_import"
        return [
            path("import/", wrap(self.import_view), name=name),
            path("import/added/", wrap(self.imported_view), name="registries_registry_imported"),
            *super().get_urls(),
        ]

    # The token against forged requests is in the body, which is read by our own handler, and only
    # for who may add: so the check is made below.
    @method_decorator(csrf_exempt)
    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @method_decorator(sensitive_post_parameters())
    @method_decorator(sensitive_variables())
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file, then say what would become of it, then add what is ticked."""
        hide_on_debug_pages(request)
        if not self.has_add_permission(request):
            raise PermissionDenied
        request.upload_handlers = [Bounded(request)]
        return self._import(request)

    @method_decorator(csrf_protect)
    @method_decorator(sensitive_variables())
    def _import(self, request: HttpRequest) -> HttpResponse:
        user_id = str(request.user.pk)
        if request.method != "POST":
            return self._ask_for_file(request, ImportForm(user_id=user_id))
        throttle: Any = ImportThrottle()  # takes requests that are not REST framework's too
        if not throttle.allow_request(request, None):
            form = ImportForm(initial=request.POST.dict(), user_id=user_id)
            form.sealed_file = request.POST.get(SEALED, "")
            error = str(TOO_OFTEN) % {"seconds": max(1, ceil(throttle.wait() or 1))}
            return self._ask_for_file(request, form, error)
        form = ImportForm(request.POST, request.FILES, user_id=user_id)
        if not form.is_valid():
            return self._ask_for_file(request, form)
        if ADD in request.POST:
            return self._add_ticked(request, form)
        planned = plan(form.entries, self._rights(request))
        ticked = {number for number, entry in enumerate(planned) if entry.state is State.NEW}
        return self._show_plan(request, form, planned, ticked)

    def _rights(self, request: HttpRequest) -> Rights:
        return Rights(
            change=self.has_change_permission(request), view=self.has_view_permission(request)
        )

    def _ask_for_file(
        self, request: HttpRequest, form: ImportForm, error: str = ""
    ) -> HttpResponse:
        title = gettext("Import registries")
        return self.page(request, "import", title=title, form=form, error=error)

    @sensitive_variables()
    def _add_ticked(self, request: HttpRequest, form: ImportForm) -> HttpResponse:
        ticked = _ticked(request)
        added: list[Registry] = []

        def choose(planned: list[Planned]) -> list[Planned]:
            addable = {number: entry for number, entry in enumerate(planned) if entry.is_addable}
            changed = {
                number
                for number, mark in ticked.items()
                if number not in addable or addable[number].mark != mark
            }
            if changed or not ticked:
                raise Changed(planned, changed)
            return [addable[number] for number in sorted(ticked)]

        def log(rows: list[Registry]) -> None:
            added.extend(rows)
            for row in rows:
                self.log_addition(request, row, MESSAGE)

        rights = self._rights(request)
        try:
            write(form.entries, choose, rights, log)
        except Changed as changed:
            planned, numbers, error = changed.planned, changed.numbers, ""
        except NotWritten as refused:
            planned, numbers, error = plan(form.entries, rights), set(), str(refused)
        else:
            request.session[ADDED] = [row.pk for row in added]
            return self.to(request, "imported")
        if not ticked:
            error = gettext("Tick at least one registry.")
        return self._show_plan(request, form, planned, {*ticked}, changed=numbers, error=error)

    def _show_plan(
        self,
        request: HttpRequest,
        form: ImportForm,
        planned: list[Planned],
        ticked: AbstractSet[int],
        *,
        changed: AbstractSet[int] = frozenset(),
        error: str = "",
    ) -> HttpResponse:
        """Show the plan. changed: the numbers of what is not as the page before said."""
        boxes = sum(entry.is_addable for entry in planned)
        limit = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        most = boxes if limit is None else limit - OTHER_FIELDS
        parts, left = [], most
        for state, (label, note) in PARTS.items():
            entries = []
            for number, entry in enumerate(planned):
                if entry.state is not state:
                    continue
                box = f"{number}.{entry.mark}" if entry.is_addable and left > 0 else ""
                left -= bool(box)
                entries.append(ShownEntry(entry, number, box, number in ticked, number in changed))
            if entries:
                parts.append(ShownPart(state, label, note, entries))
        return self.page(
            request,
            "import_plan",
            title=gettext("Import registries"),
            writer=form.writer,
            label=gettext(form.writer.label) if form.writer else "",
            sealed=form.sealed_file,
            parts=parts,
            count=len(planned),
            boxes=boxes,
            most=most if most < boxes else None,
            changed=changed,
            error=error,
        )

    @method_decorator(require_safe)
    def imported_view(self, request: HttpRequest) -> HttpResponse:
        """Show what was added last; asked again, the same."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        keys = request.session.get(ADDED, ())
        rows = list(self.get_queryset(request).filter(pk__in=keys).defer("ca_certificate"))
        if not rows:
            return self.to(request, "import")
        return self.page(
            request,
            "imported",
            title=gettext("Imported registries"),
            rows=[(row, breakable(answers(row)), badges(row)) for row in rows],
            chosen=",".join(str(row.pk) for row in rows),
        )


def _ticked(request: HttpRequest) -> dict[int, str]:
    """The marks of what is ticked, by its number in the file."""
    marks = {}
    for value in request.POST.getlist(BOX):
        number, _dot, mark = value.partition(".")
        if number.isascii() and number.isdigit() and len(number) < 6:
            marks[int(number)] = mark
    return marks
