"""How notifications, their receivers and what they are about look on the admin's pages."""

from functools import cached_property
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from registries.admin.display import LOOKS, Look
from registries.admin.filters import NOTIFICATION_KINDS
from registries.admin.times import stamp
from registries.models import Delivery, Health, Notification, StateChange
from registries.models.notification import Status
from registries.models.results import detail_for
from registries.notifying.failures import sentence
from registries.verdicts import CODES

STATUSES = {
    Status.SENT: Look(_("Sent"), "valid", "ok"),
    Status.PENDING: Look(_("Waiting"), "throttled", "none"),
    Status.FAILED: Look(_("Failed"), "rejected", "bad"),
}
RETRIED = Look(_("Tried again later"), "throttled", "warn")
NOBODY = Look(_("Nobody to tell"), "none", "none")
ON = Look(pgettext_lazy("receiver", "Enabled"), "valid", "ok")
OFF = Look(_("Turned off"), "rejected", "bad")
FINE_AGAIN = Look(_("Fine again"), "valid", "ok")


class ShownDelivery:
    """How one receiver was told, as a page shows it."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery

    @property
    def look(self) -> Look:
        if self.delivery.status == Status.PENDING and self.delivery.code:
            return RETRIED
        return STATUSES.get(Status(self.delivery.status), NOBODY)

    @property
    def sentence(self) -> str:
        """Why it was not sent; empty if it was."""
        return sentence(self.delivery.code, self.delivery.params) if self.delivery.code else ""

    @property
    def tried(self) -> str:
        return stamp(self.delivery.tried_at)

    @property
    def due(self) -> str:
        """When it is tried again; empty if it is not."""
        return stamp(self.delivery.due_at) if self.look is RETRIED else ""


class ShownChange:
    """A change of state, as a page shows it."""

    def __init__(self, change: StateChange, about: Any) -> None:
        self.change, self.about = change, about
        self.moment = change.changed_at

    @property
    def look(self) -> Look:
        if self.change.state == Health.FINE:
            return FINE_AGAIN
        return LOOKS.get(self.change.verdict, LOOKS[""])

    @property
    def sentence(self) -> str:
        change = self.change
        return detail_for(change.code, change.params, change.kind) if change.code in CODES else ""


class ShownNotification:
    """A notification as a page shows it."""

    def __init__(self, notification: Notification) -> None:
        self.notification = notification

    @cached_property
    def deliveries(self) -> list[ShownDelivery]:
        return [ShownDelivery(delivery) for delivery in self.notification.deliveries.all()]

    @property
    def look(self) -> Look:
        looks = [delivery.look for delivery in self.deliveries]
        order = (STATUSES[Status.FAILED], RETRIED, STATUSES[Status.PENDING], STATUSES[Status.SENT])
        return next((look for look in order if look in looks), NOBODY)

    @property
    def title(self) -> str:
        return self.notification.subject

    @property
    def moment(self) -> Any:
        return self.notification.created_at

    @property
    def about(self) -> Any:
        return NOTIFICATION_KINDS.get(self.notification.kind, self.notification.kind)

    @property
    def sentence(self) -> str:
        return ""

    @property
    def failure(self) -> str:
        """Why the first receiver that was not told was not."""
        return next((delivery.sentence for delivery in self.deliveries if delivery.sentence), "")

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """All facts with their labels, the time first. Empty ones are not shown."""
        notification = self.notification
        url = notification.link
        return [
            (gettext("Time"), stamp(notification.created_at)),
            (gettext("About"), self.about),
            (gettext("Sent by"), notification.user_name),
            (gettext("Link"), format_html('<a href="{}">{}</a>', url, url) if url else ""),
            (gettext("Number"), format_html("<code>msg_{}</code>", notification.uid.hex)),
        ]
