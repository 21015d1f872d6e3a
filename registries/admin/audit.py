"""What the lists of the audit have in common: anybody who may can read them, nobody writes."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.display import Look
from registries.kinds import KINDS

SEARCH_LENGTH, SEARCH_WORDS = 200, 10


class AuditPages(admin.ModelAdmin):  # type: ignore[type-arg]  # no type parameters at run time
    """The list of one sort of event, and one of them.

    gone: what is said of an event whose row is not there.
    """

    list_select_related = ("registry",)
    list_per_page = 50
    show_full_result_count = False
    actions = None
    gone: ClassVar[Any] = _("deleted")

    class Media:
        css = {"all": ("registries/registries.css",)}
        js = ("registries/sidebar.js",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        filters: Any = self.list_filter
        return lookup in {each.parameter_name for each in filters}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        return super().get_object(request, object_id, from_field or None)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        # Each word is a condition of its own, and databases have a limit of those.
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
        except NoReverseMatch:  # a site that shows the audit alone
            return name
        return format_html('<a href="{}">{}</a>', url, name)

    @staticmethod
    def marked(look: Look, code: str) -> SafeString:
        """An outcome with its colour, and its code if there is one to show."""
        text = '<span class="reg-mark reg-mark--{}">{}</span>'
        if code:
            text += " <code>{}</code>"
        return format_html(text, look.tone, look.label, code)

    @admin.display(description=_("kind"))
    def kind_label(self, event: Any) -> str:
        return str(KINDS[event.kind].label) if event.kind in KINDS else event.kind
