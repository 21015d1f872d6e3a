"""The audit of checks: who checked which registry, when, from where, and with which result."""

from typing import Any, NamedTuple

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.audit import AuditPages
from registries.admin.display import LOOKS, Look, breakable, milliseconds
from registries.admin.filters import CHECK_FILTERS
from registries.admin.times import stamp
from registries.models import Check
from registries.models.check import Origin, Trust
from registries.models.results import detail_for
from registries.verdicts import CODES


class ShownCheck(NamedTuple):
    """A check as a page shows it."""

    check: Check

    @property
    def look(self) -> Look:
        return LOOKS.get(self.check.verdict, LOOKS[""])

    @property
    def title(self) -> str:
        if not self.check.registry_name:
            return gettext("Check")
        return gettext("Check of “%(name)s”") % {"name": self.check.registry_name}

    @property
    def moment(self) -> Any:
        return self.check.checked_at

    @property
    def code(self) -> str:
        """The URL of the explanation; empty for a code of a later version."""
        return self.check.code if self.check.code in CODES else ""

    @property
    def time(self) -> str:
        return milliseconds(self.check.seconds)

    @property
    def sentence(self) -> str:
        """What the verdict means; empty for a code of a later version."""
        if not self.code:
            return ""
        return detail_for(self.check.code, self.check.params, self.check.kind)

    @property
    def origin(self) -> Any:
        """From where it was requested; empty for a check of an earlier version."""
        return dict(Origin.choices).get(self.check.origin, self.check.origin)

    @property
    def certificate(self) -> Any:
        """How the certificate was verified."""
        return dict(Trust.choices).get(self.check.trust, self.check.trust)

    @property
    def is_unverified(self) -> bool:
        """Whether anybody could have impersonated the registry."""
        return self.check.trust in {Trust.UNVERIFIED, Trust.HTTP}

    @property
    def is_of_stored(self) -> bool:
        """Whether values that were not saved were checked with stored credentials."""
        return self.check.origin == Origin.FORM and bool(self.check.is_secret_stored)

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """All facts with their labels, the time first. Empty ones are not shown."""
        sent: dict[bool | None, str] = {
            True: gettext("Stored credentials were sent."),
            False: gettext("No stored credentials were sent."),
        }
        tone = "bad" if self.is_unverified else "none"
        mark = '<span class="reg-mark reg-mark--{}">{}</span>'
        trust = self.certificate and format_html(mark, tone, self.certificate)
        return [
            (gettext("Checked"), stamp(self.check.checked_at)),
            (gettext("Address"), breakable(self.check.address)),
            (gettext("Certificate"), trust),
            (gettext("Own CA"), self.check.ca),
            (gettext("Credentials"), sent.get(self.check.is_secret_stored, "")),
            (gettext("Asked by"), self.check.user_name),
            (gettext("Asked from"), self.origin),
            (gettext("Took"), self.time if self.check.seconds else ""),
            (gettext("Code"), format_html("<code>{}</code>", self.check.code)),
        ]


class CheckPages(AuditPages):
    """The list of checks, and the page of one. Both are read-only."""

    list_display = ("checked", "about", "verdict", "address", "user_name")
    list_display_links = ("checked",)
    list_filter = CHECK_FILTERS
    search_fields = ("registry_name", "user_name", "address")
    search_help_text = _("Registry, person or address")
    gone = _("not saved, or deleted")
    lead = _("Who asked which registry, when, from where, and how it went.")
    none_yet, all_of_them = _("No checks yet"), _("All checks")
    line = "registries/check_line.html"

    def as_shown(self, event: Check) -> ShownCheck:
        return ShownCheck(event)

    @admin.display(
        description=Check._meta.get_field("checked_at").verbose_name, ordering="checked_at"
    )
    def checked(self, check: Check) -> str:
        return stamp(check.checked_at)
