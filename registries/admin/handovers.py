"""The audit of hand-overs: who got or was refused what, and why. It is read-only."""

import re
from typing import Any, NamedTuple

from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.audit import AuditPages
from registries.admin.display import Look, breakable
from registries.admin.filters import HANDOVER_FILTERS
from registries.admin.outcomes import explained
from registries.admin.times import stamp
from registries.handover import FORMS
from registries.handover.refusals import REFUSALS
from registries.models import Handover, Registry
from registries.models.handover import ENTRUSTED as ENTRUSTED_CODE
from registries.models.handover import Way
from registries.models.results import filled
from registries.verdicts import CODES

HANDED_OVER = Look(_("Handed over"), "valid", "ok")
ENTRUSTED = Look(_("Entrusted to other servers"), "unproven", "warn")
REFUSED = Look(_("Refused"), "rejected", "warn")
# The audit's value if no certificate is verified from then on.
UNVERIFIED = "verify_tls: off"


class ShownHandover(NamedTuple):
    """A hand-over as a page of the admin site with the name `site` shows it."""

    handover: Handover
    site: str = "admin"

    @property
    def look(self) -> Look:
        if self.handover.is_handed_over:
            return HANDED_OVER
        return REFUSED if self.handover.is_refused else ENTRUSTED

    @property
    def title(self) -> str:
        name = {"name": self.handover.registry_name}
        if not self.handover.registry_name:
            return gettext("Refused hand-over")
        if self.handover.is_handed_over:
            return gettext("Hand-over of “%(name)s”") % name
        if self.handover.is_refused:
            return gettext("Refused hand-over of “%(name)s”") % name
        return gettext("“%(name)s” was entrusted to other servers") % name

    @property
    def moment(self) -> Any:
        return self.handover.handed_at

    @property
    def code(self) -> str:
        """The URL of the explanation; empty for codes that checks never have."""
        return self.handover.code if self.handover.code in CODES else ""

    @property
    def sentence(self) -> str:
        """What happened, or why nothing was handed over and what to do."""
        handover = self.handover
        if handover.is_handed_over:
            return str(_HANDED[handover.is_short])
        if handover.code == ENTRUSTED_CODE:
            return str(_TRUSTED[handover.asked == UNVERIFIED])
        if handover.code in REFUSALS:
            return filled(REFUSALS[handover.code], {"name": handover.registry_name})
        if self.code:
            explanation = explained(self.code)
            return f"{explanation.meaning} {explanation.remedy}"
        return ""

    @property
    def form(self) -> str:
        form = FORMS.get(self.handover.form)
        return gettext(form.label) if form else self.handover.form

    @property
    def way(self) -> Any:
        return dict(Way.choices).get(self.handover.way, self.handover.way)

    @property
    def is_entrusted(self) -> bool:
        return self.handover.code == ENTRUSTED_CODE

    @property
    def what(self) -> str:
        """What it was for, or what was requested."""
        return self.handover.places or self.handover.asked

    @property
    def ends(self) -> str:
        """When the credentials expire; empty if nothing was handed over."""
        if not self.handover.is_handed_over:
            return ""
        if self.handover.expires_at:
            return stamp(self.handover.expires_at)
        return "" if self.handover.is_short else gettext("never")

    @property
    def token(self) -> SafeString | str:
        """The name and the first characters of the access token."""
        key = self.handover.token_key
        begin = format_html("<code>{}…</code>", key) if key else ""
        return format_html("{} {}", self.handover.token, begin) if self.handover.token else begin

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """All facts with their labels, the time first. Empty ones are not shown."""
        handover = self.handover
        label = gettext("Trusted from then on") if self.is_entrusted else gettext("Asked for")
        return [
            (gettext("Time"), stamp(handover.handed_at)),
            (label, _asked(handover.asked, self.site)),
            (gettext("Handed over for"), breakable(handover.places)),
            (gettext("Form"), self.form),
            (gettext("Expires"), self.ends),
            (gettext("To"), handover.user_name),
            (gettext("Access token"), self.token),
            (gettext("Asked from"), self.way),
            (gettext("IP address"), handover.address),
            (gettext("Code"), format_html("<code>{}</code>", handover.code)),
        ]


_HANDED = {
    True: _("Short-lived credentials were handed over. They end by themselves."),
    False: _(
        "The stored credentials were handed over. They stay valid until somebody revokes them."
    ),
    None: _("The credentials were handed over."),
}
_TRUSTED = {
    True: _(
        "From then on no certificate was verified, so any server at this address could receive the"
        " stored credentials. Nobody entered them again."
    ),
    False: _(
        "From then on other certificates were trusted, so other servers could receive the stored"
        " credentials. Nobody entered them again."
    ),
}


def _asked(text: str, site: str) -> SafeString | str:
    """Return what was requested. Ids of registries become names with links."""
    if text == UNVERIFIED:
        return gettext("any certificate")
    if not re.fullmatch(r"#\d+(, #\d+)*", text):
        return breakable(text)
    keys = [int(key) for key in re.findall(r"\d{1,18}", text)]
    names = dict(Registry.objects.filter(pk__in=keys).values_list("pk", "name"))
    return format_html_join(", ", "{}", ((_link(key, names.get(key), site),) for key in keys))


def _link(key: int, name: str | None, site: str) -> SafeString | str:
    if name is None:
        return gettext("a registry that is deleted (number %(id)d)") % {"id": key}
    try:
        url = reverse("admin:registries_registry_change", args=[key], current_app=site)
    except NoReverseMatch:  # a site that only registers the audit
        return name
    return format_html('<a href="{}">{}</a>', url, name)


class HandoverPages(AuditPages):
    """The list of hand-overs, and the page of one. Both are read-only."""

    list_display = ("handed", "about", "code", "asked", "form", "user_name")
    list_display_links = ("handed",)
    list_filter = HANDOVER_FILTERS
    search_fields = (
        *("registry_name", "user_name", "token", "token_key", "asked", "places", "address"),
    )
    search_help_text = _("Registry, person, token, image or address")
    lead = _("Who was handed which credentials, when and for what, and what was refused.")
    none_yet, all_of_them = _("No hand-overs yet"), _("All hand-overs")
    line = "registries/handover_line.html"

    def as_shown(self, event: Handover) -> ShownHandover:
        return ShownHandover(event, self.admin_site.name)

    @admin.display(
        description=Handover._meta.get_field("handed_at").verbose_name, ordering="handed_at"
    )
    def handed(self, handover: Handover) -> str:
        return stamp(handover.handed_at)
