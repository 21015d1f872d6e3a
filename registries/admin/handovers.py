"""The audit of hand-overs: what left for whom, what was refused, and why. Read only."""

from typing import Any, NamedTuple

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.audit import AuditPages
from registries.admin.display import Look
from registries.admin.filters import HANDOVER_FILTERS
from registries.admin.times import stamp
from registries.handover import FORMS
from registries.models import Handover
from registries.models.handover import Way

HANDED_OVER = Look(_("Handed over"), "valid", "ok")
ENTRUSTED = Look(_("Entrusted to other servers"), "unproven", "warn")
REFUSED = Look(_("Refused"), "rejected", "warn")


class ShownHandover(NamedTuple):
    """A hand-over of the audit as pages show it."""

    handover: Handover

    @property
    def look(self) -> Look:
        if self.handover.is_handed_over:
            return HANDED_OVER
        return REFUSED if self.handover.is_refused else ENTRUSTED

    @property
    def form(self) -> str:
        form = FORMS.get(self.handover.form)
        return gettext(form.label) if form else self.handover.form

    @property
    def way(self) -> Any:
        return dict(Way.choices).get(self.handover.way, self.handover.way)

    @property
    def life(self) -> str:
        """Whether it ends by itself; nothing for a refusal."""
        if not self.handover.is_handed_over:
            return ""
        return gettext("short-lived") if self.handover.is_short else gettext("long-lived")


class HandoverPages(AuditPages):
    """The list of hand-overs, and one of them; nobody writes here."""

    list_display = ("handed", "about", "outcome", "for_what", "form_label", "who")
    list_display_links = ("handed",)
    list_filter = HANDOVER_FILTERS
    search_fields = (
        *("registry_name", "user_name", "token", "token_key", "asked", "places", "address"),
    )
    search_help_text = _("Names of registries, people and tokens, images, addresses")
    fields = (
        *("handed", "about", "kind_label", "outcome", "asked", "places", "form_label", "life"),
        *("expires", "who", "token", "token_key", "address"),
    )
    readonly_fields = (
        *("handed", "about", "kind_label", "outcome", "form_label", "life", "expires", "who"),
    )

    @admin.display(
        description=Handover._meta.get_field("handed_at").verbose_name, ordering="handed_at"
    )
    def handed(self, handover: Handover) -> str:
        return stamp(handover.handed_at)

    @admin.display(description=Handover._meta.get_field("expires_at").verbose_name)
    def expires(self, handover: Handover) -> str:
        return stamp(handover.expires_at)

    @admin.display(description=_("outcome"), ordering="code")
    def outcome(self, handover: Handover) -> Any:
        code = "" if handover.is_handed_over else handover.code
        return self.marked(ShownHandover(handover).look, code)

    @admin.display(description=_("for"), ordering="asked")
    def for_what(self, handover: Handover) -> str:
        return handover.places or handover.asked or "-"

    @admin.display(description=_("form"), ordering="form")
    def form_label(self, handover: Handover) -> str:
        return ShownHandover(handover).form or "-"

    @admin.display(description=_("life"))
    def life(self, handover: Handover) -> str:
        return ShownHandover(handover).life or "-"

    @admin.display(description=_("to"), ordering="user_name")
    def who(self, handover: Handover) -> Any:
        shown = ShownHandover(handover)
        if not handover.user_name:
            return shown.way or "-"
        parts = " · ".join(filter(None, (str(shown.way), handover.token)))
        return format_html("{} <small>{}</small>", handover.user_name, parts)
