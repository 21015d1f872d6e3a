"""The list of registries, as tiles or a table. Rows with problems come first."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.base import Pages
from registries.admin.display import LOOKS, STATES, answers, badges
from registries.admin.filters import FILTERS, narrowing
from registries.admin.images import ImageForm
from registries.admin.status import attention_first, overview, tiles
from registries.kinds import KINDS
from registries.models import Registry

# How many characters of a search are used.
SEARCH_LENGTH, SEARCH_WORDS = 200, 10
VIEWS = ("tiles", "table")
VIEW_VAR = "view"
VIEW_COOKIE = "registries_view"
A_YEAR = 365 * 24 * 60 * 60
# The list's orders: the column, with a minus for descending, and its label.
ORDERS = {
    "": _("attention first"),
    "name": _("name"),
    "kind_label": _("kind"),
    "-verdict_label": _("last check"),
}

# The sortable columns of the table: their headers, and a minus if they are descending at first.
HEADERS = {
    "name": (_("Name"), ""),
    "answers": (_("Host"), ""),
    "state_label": (_("State"), "-"),
    "verdict_label": (_("Last check"), "-"),
}


class PageOfRows(ChangeList):
    """A page of the list, which does not load CA certificates. Actions load whole rows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = self.result_list.defer("ca_certificate")


class ListPages(Pages):
    """The list of registries. Popups of other pages get Django's own list."""

    list_display = ("name", "kind_label", "answers", "state_label", "verdict_label", "warnings")
    list_filter = FILTERS
    search_fields = ("name", "host", "prefix")
    # This fills rows of two, three and four tiles.
    list_per_page = 48
    show_full_result_count = False
    change_list_template = "admin/registries/registry/change_list.html"

    @admin.display(description=_("kind"), ordering="kind")
    def kind_label(self, row: Registry) -> str:
        return gettext(row.declaration.label)

    @admin.display(description=_("answers for"), ordering="host")
    def answers(self, row: Registry) -> str:
        return answers(row)

    @admin.display(description=_("state"), ordering="has_secrets")
    def state_label(self, row: Registry) -> Any:
        return STATES[row.state].label

    @admin.display(description=_("last check"), ordering=F("checked_at").asc(nulls_first=True))
    def verdict_label(self, row: Registry) -> Any:
        return LOOKS.get(row.check_verdict, LOOKS[""]).label

    @admin.display(description=_("attention"))
    def warnings(self, row: Registry) -> SafeString | str:
        red = [(look.label,) for look in badges(row) if look.tone == "bad"]
        return format_html_join(" ", "<strong>{}</strong>", red)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in {list_filter.parameter_name for list_filter in FILTERS}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PageOfRows

    def get_ordering(self, request: HttpRequest) -> Any:
        return attention_first()

    def get_queryset(self, request: HttpRequest) -> Any:
        # Rows of a later version's kinds cannot be shown.
        return super().get_queryset(request).filter(kind__in=KINDS)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        # Each word becomes a condition, and databases limit their number.
        words = search_term[:SEARCH_LENGTH].split()[:SEARCH_WORDS]
        return super().get_search_results(request, queryset, " ".join(words))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST":
            # Values that are not ids would make the query fail.
            posted = request.POST.copy()
            # One field may have several ids, because Django accepts only a thousand fields.
            chosen = ",".join(posted.getlist(ACTION_CHECKBOX_NAME)).split(",")
            posted.setlist(
                ACTION_CHECKBOX_NAME,
                [pk for pk in chosen if pk.isascii() and pk.isdigit() and len(pk) < 19],
            )
            request.POST = posted  # type: ignore[assignment]  # mutable until it is read
        if (view := request.GET.get(VIEW_VAR)) in VIEWS:
            return self._remember(request, view)
        response = super().changelist_view(request, extra_context)
        context = (response.context_data or {}) if isinstance(response, TemplateResponse) else {}
        if "cl" in context:  # an action may have returned its own page
            if IS_POPUP_VAR in request.GET:
                cast("TemplateResponse", response).template_name = "admin/change_list.html"
            else:
                context |= self._list_context(request, context["cl"])
        return response

    def _remember(self, request: HttpRequest, view: str) -> HttpResponse:
        query = request.GET.copy()
        del query[VIEW_VAR]
        response = HttpResponseRedirect(f"{request.path}?{query.urlencode()}".rstrip("?"))
        response.set_cookie(
            VIEW_COOKIE, view, A_YEAR, path=request.path, httponly=True, samesite="Lax"
        )
        return response

    def _list_context(self, request: HttpRequest, cl: Any) -> dict[str, Any]:
        rows = list(cl.result_list)
        orders, headers = _orders(cl), _headers(cl)
        chosen = [item["label"] for item in orders if item["is_chosen"]]
        return {
            "title": capfirst(self.opts.verbose_name_plural),
            "tiles": tiles(rows),
            "overview": overview(self.get_queryset(request)),
            "as_table": request.COOKIES.get(VIEW_COOKIE) == "table",
            **narrowing(cl),
            "search_label": _("Name, host or prefix"),
            "orders": orders,
            "headers": headers,
            "sorted_by": [*chosen, *(item["label"] for item in headers if item["direction"])][:1],
            "kept": _kept(cl),
            "view_links": {view: cl.get_query_string({VIEW_VAR: view}) for view in VIEWS},
            "shown": self.pop_result(request),
            "image_form": ImageForm(),
            "has_change_permission": self.has_change_permission(request),
            "has_delete_permission": self.has_delete_permission(request),
        }


def _kept(cl: Any) -> str:
    """Return the query string for a row's page that leads back to the same list."""
    query = cl.get_query_string()
    return "?" + urlencode({"_changelist_filters": query[1:]}) if len(query) > 1 else ""


def _orders(cl: Any) -> list[dict[str, Any]]:
    """Return the available orders with their links."""
    chosen = cl.params.get(ORDER_VAR)
    result = []
    for name, label in ORDERS.items():
        column = name.removeprefix("-")
        # URLs refer to columns by number, which depends on the permission for actions.
        minus = "-" if column != name else ""
        value = f"{minus}{cl.list_display.index(column)}" if name else None
        query = cl.get_query_string({ORDER_VAR: value})
        result.append({"label": label, "is_chosen": value == chosen, "query": query})
    return result


def _headers(cl: Any) -> list[dict[str, Any]]:
    """The table's headers, each with the address that sorts by it, the other way the second time.

    direction: how the table is sorted by it now, as ARIA calls that.
    """
    chosen = cl.params.get(ORDER_VAR, "")
    result = []
    for column, (label, first) in HEADERS.items():
        number = str(cl.list_display.index(column))
        other = "" if first else "-"
        value = f"{other}{number}" if chosen == f"{first}{number}" else f"{first}{number}"
        directions = {number: "ascending", f"-{number}": "descending"}
        query = cl.get_query_string({ORDER_VAR: value})
        result.append({"label": label, "query": query, "direction": directions.get(chosen)})
    return result
