"""The registries in the Django admin: choose a kind, fill in its form, check, reset, delete.

Beside them the audits of all checks, hand-overs and notifications.
"""

from django.contrib import admin

from registries.admin.actions import ActionPages
from registries.admin.checks import CheckPages
from registries.admin.editing import FormPages
from registries.admin.handover import HandingPages
from registries.admin.handovers import HandoverPages
from registries.admin.history import HistoryPages
from registries.admin.images import ImagePages
from registries.admin.importing import ImportPages
from registries.admin.listing import ListPages
from registries.admin.notifications import NotificationPages
from registries.admin.now import NowPages
from registries.admin.outcomes import OutcomePages
from registries.models import Check, Handover, Notification, Registry


@admin.register(Registry)
class RegistryAdmin(
    HistoryPages,
    ListPages,
    FormPages,
    ActionPages,
    ImagePages,
    OutcomePages,
    NowPages,
    HandingPages,
    ImportPages,
):
    """Rows of every kind; the kind decides the form, `is_default` between Delete and Reset."""


@admin.register(Check)
class CheckAdmin(CheckPages):
    """Every check that was made; read only."""


@admin.register(Handover)
class HandoverAdmin(HandoverPages):
    """Every hand-over and every refusal; read only."""


@admin.register(Notification)
class NotificationAdmin(NotificationPages):
    """Every notification and how it was delivered; read only, but for sending."""
