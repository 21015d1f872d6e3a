"""The audit of checks: who asked which registry, when, from where, and how it went. Read only."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from registries.admin.audit import AuditPages
from registries.admin.display import ShownCheck, breakable
from registries.admin.filters import CHECK_FILTERS
from registries.admin.times import stamp
from registries.models import Check


class CheckPages(AuditPages):
    """The list of checks, and one of them; nobody writes here."""

    list_display = ("checked", "about", "verdict_label", "asked", "who")
    list_display_links = ("checked",)
    list_filter = CHECK_FILTERS
    search_fields = ("registry_name", "user_name", "address")
    search_help_text = _("Names of registries and people, addresses")
    fields = (
        "checked",
        "about",
        "kind_label",
        "asked",
        "ca",
        "is_secret_stored",
        "verdict_label",
        "detail",
        "time",
        "who",
    )
    gone = _("not saved, or deleted")
    readonly_fields = fields

    @admin.display(
        description=Check._meta.get_field("checked_at").verbose_name, ordering="checked_at"
    )
    def checked(self, check: Check) -> str:
        return stamp(check.checked_at)

    @admin.display(description=_("verdict"), ordering="verdict")
    def verdict_label(self, check: Check) -> Any:
        return self.marked(ShownCheck(check).look, check.code)

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
