"""The audit of checks: who asked which registry, when, from where, and how it went. Read only."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.display import ShownCheck, breakable
from registries.admin.filters import CHECK_FILTERS
from registries.kinds import KINDS
from registries.models import Check

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Check]
else:
    _ModelAdmin = admin.ModelAdmin

SEARCH_LENGTH, SEARCH_WORDS = 200, 10


class CheckPages(_ModelAdmin):
    """The list of checks, and one of them; nobody writes here."""

    list_display = ("checked_at", "about", "verdict_label", "asked", "who")
    list_display_links = ("checked_at",)
    list_filter = CHECK_FILTERS
    list_select_related = ("registry",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("registry_name", "user_name", "address")
    search_help_text = _("Names of registries and people, addresses")
    actions = None
    fields = (
        "checked_at",
        "about",
        "kind_label",
        "asked",
        "verdict_label",
        "detail",
        "time",
        "who",
    )
    readonly_fields = ("about", "kind_label", "asked", "verdict_label", "detail", "time", "who")

    class Media:
        css = {"all": ("registries/registries.css",)}
        js = ("registries/sidebar.js",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Check | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Check | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in {each.parameter_name for each in CHECK_FILTERS}

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
    def about(self, check: Check) -> Any:
        row = check.registry
        name = check.registry_name or (row.name if row else "")
        if row is None:
            note = gettext("not saved, or deleted")
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

    @admin.display(description=_("kind"))
    def kind_label(self, check: Check) -> str:
        return str(KINDS[check.kind].label) if check.kind in KINDS else check.kind

    @admin.display(description=_("verdict"), ordering="verdict")
    def verdict_label(self, check: Check) -> Any:
        look = ShownCheck(check).look
        mark = '<span class="reg-mark reg-mark--{}">{}</span> <code>{}</code>'
        return format_html(mark, look.tone, look.label, check.code)

    @admin.display(description=_("address"), ordering="address")
    def asked(self, check: Check) -> Any:
        shown = ShownCheck(check)
        tone = "bad" if shown.is_unverified else "none"
        note = '{} <small class="reg-mark reg-mark--{}">{}</small>'
        return format_html(note, breakable(check.address), tone, shown.certificate)

    @admin.display(description=_("what to do"))
    def detail(self, check: Check) -> str:
        return ShownCheck(check).detail

    @admin.display(description=_("asked by"), ordering="user_name")
    def who(self, check: Check) -> Any:
        origin = ShownCheck(check).origin
        if not check.user_name:
            return origin or "-"
        return format_html("{} <small>{}</small>", check.user_name, origin)

    @admin.display(description=_("took"))
    def time(self, check: Check) -> str:
        return ShownCheck(check).time
