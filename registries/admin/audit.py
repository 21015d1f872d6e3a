"""What the pages of checks, hand-overs and notifications have in common. They are read-only."""

from typing import Any, ClassVar, Protocol

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.display import Look
from registries.admin.filters import narrowing
from registries.kinds import KINDS

SEARCH_LENGTH, SEARCH_WORDS = 200, 10


class ShownEvent(Protocol):
    """An event as a page shows it: its result, and all facts with their labels."""

    @property
    def look(self) -> Look: ...
    @property
    def title(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def facts(self) -> list[tuple[str, Any]]: ...


class AuditPages(admin.ModelAdmin):  # type: ignore[type-arg]  # no type parameters at run time
    """The list of one sort of event, and one of them.

    lead: what the list contains. none_yet, all_of_them: that it is empty, and what leads back to
    it. line: the template of an event in it. gone: what is said of an event whose row is not there.
    """

    lead: ClassVar[Any]
    none_yet: ClassVar[Any]
    all_of_them: ClassVar[Any]
    line: ClassVar[str]

    list_select_related: ClassVar[Any] = ("registry",)
    list_per_page = 50
    show_full_result_count = False
    actions = None
    fields = ()  # the page shows facts and no form
    change_list_template = "admin/registries/registry/audit.html"
    change_form_template = "admin/registries/registry/event.html"
    gone: ClassVar[Any] = _("deleted")

    def as_shown(self, event: Any) -> ShownEvent:
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        filters: Any = self.list_filter
        return lookup in {list_filter.parameter_name for list_filter in filters}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        response = super().changelist_view(request, {"title": title, **(extra_context or {})})
        context = (response.context_data or {}) if isinstance(response, TemplateResponse) else {}
        if cl := context.get("cl"):
            events = [(event, self.about(event), self.as_shown(event)) for event in cl.result_list]
            context |= {**narrowing(cl), "events": events, "search_label": self.search_help_text}
            context |= {"lead": self.lead, "none_yet": self.none_yet, "line": self.line}
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        event = kwargs["obj"]
        event_page = self.as_shown(event)
        kind = event.kind if event.kind in KINDS else ""
        facts = [(label, value) for label, value in event_page.facts if value]
        facts.insert(1, (gettext("Registry"), self.about(event)))
        if kind:
            facts.insert(2, (gettext("Kind"), gettext(KINDS[kind].label)))
        context |= {
            "title": event_page.title,
            "subtitle": None,
            "shown": event_page,
            "facts": facts,
            "kind": kind,
            "all_of_them": self.all_of_them,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the event. Nobody can change it, so it has no history."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        url = reverse(name, args=[quote(object_id)], current_app=self.admin_site.name)
        return HttpResponseRedirect(url)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        return super().get_object(request, object_id, from_field or None)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        # Each word becomes a condition, and databases limit their number.
        words = search_term[:SEARCH_LENGTH].split()[:SEARCH_WORDS]
        return super().get_search_results(request, queryset, " ".join(words))

    @admin.display(description=_("registry"), ordering="registry_name")
    def about(self, event: Any) -> Any:
        row = event.registry
        name = event.registry_name or (row.name if row else "")
        if row is None:
            note = gettext(self.gone)
            return format_html("{} <small>{}</small>", name, note) if name else note
        try:
            url = reverse(
                "admin:registries_registry_change",
                args=[row.pk],
                current_app=self.admin_site.name,
            )
        except NoReverseMatch:  # a site that only registers the audit
            return name
        return format_html('<a href="{}">{}</a>', url, name)
