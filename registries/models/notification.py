"""The outbox: changes of state, the notifications about them, and how each was delivered.

Nothing here is secret: names of registries, verdicts and their codes, and the labels of receivers,
which hold neither tokens nor passwords.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registries import conf
from registries.models import names
from registries.models.check import delete_some
from registries.models.last_check import Health

# How many expired notifications are deleted at a time: each may have thousands of changes.
BATCH = 50
# How many expired changes about which nobody was told.
UNTOLD = 500
MAX_SUBJECT = 200


class Level(models.TextChoices):
    """How urgent a notification is."""

    ATTENTION = "attention", _("needs attention")
    FINE = "fine", _("fine again")
    INFO = "info", _("for information")


class Status(models.TextChoices):
    """How far a delivery is."""

    PENDING = "pending", _("waiting")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")


class Notification(models.Model):
    """One message, to all receivers. Kept `NOTIFICATIONS_KEPT_DAYS`."""

    # What kind of message it is; the type of a webhook is “registries.” and this.
    STATE, TEST = "state_changed", "test"

    # The webhook-id, by which receivers recognise what they got twice.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("about"), max_length=40)
    level = models.CharField(_("level"), max_length=20, choices=Level.choices)
    created_at = models.DateTimeField(_("time"), default=timezone.now)
    subject = models.CharField(_("subject"), max_length=MAX_SUBJECT)
    # The sentences of the message, in the site's language; without the link.
    lines = models.JSONField(default=list)
    # The address of a page of the site; empty without SITE_URL.
    link = models.CharField(max_length=500, blank=True, default="")
    # What webhooks receive as `data`.
    data = models.JSONField(default=dict)
    # Who asked for it; nobody for a change of state.
    user_name = models.CharField(_("user"), max_length=255, blank=True, default="")

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="registries_notification_new"),
        ]
        # Who may see all of them. Nobody adds, changes or deletes.
        default_permissions = ("view",)
        permissions = [("send_notification", "Can send test messages, and failed ones again")]

    def __str__(self) -> str:
        return self.subject


class StateChange(models.Model):
    """A registry that needs attention, or is fine again. Without a notification, it is waiting."""

    registry = models.ForeignKey(
        "registries.Registry", on_delete=models.SET_NULL, null=True, related_name="state_changes"
    )
    # As they were then: the row may be renamed or gone.
    registry_name = models.CharField(max_length=names.MAX_NAME)
    kind = models.CharField(max_length=20, blank=True, default="")
    # Where the check called, with the port.
    host = models.CharField(max_length=255, blank=True, default="")
    state = models.CharField(max_length=20, choices=Health.choices)
    previous = models.CharField(max_length=20, choices=Health.choices, blank=True, default="")
    verdict = models.CharField(max_length=20)
    code = models.CharField(max_length=50)
    params = models.JSONField(default=dict)
    changed_at = models.DateTimeField()
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, null=True, related_name="changes"
    )

    class Meta:
        ordering = ("pk",)
        default_permissions = ()
        indexes = [models.Index(fields=["host", "changed_at"], name="registries_change_host")]

    def __str__(self) -> str:
        return f"{self.registry_name} ({self.state})"


class Delivery(models.Model):
    """One notification on its way to one receiver.

    receiver: what identifies the receiver without its address. due_at: when it is sent, or sent
    again. leased_until: nobody else sends it before that. code: why the last attempt failed.
    """

    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="deliveries"
    )
    receiver = models.CharField(max_length=64)
    label = models.CharField(max_length=300)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=50, blank=True, default="")
    params = models.JSONField(default=dict)

    class Meta:
        ordering = ("pk",)
        default_permissions = ()
        indexes = [models.Index(fields=["status", "due_at", "id"], name="registries_delivery_due")]

    def __str__(self) -> str:
        return f"{self.label} ({self.status})"


class GoneReceiver(models.Model):
    """A webhook that said 410 Gone: nothing is sent to it until somebody enables it again."""

    receiver = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=300)
    gone_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)
        default_permissions = ()

    def __str__(self) -> str:
        return self.label


def prune(using: str) -> None:
    """Delete the notifications that were kept long enough, unless one is still on its way."""
    every: models.QuerySet[Any] = Notification.objects.using(using)
    pending = Delivery.objects.using(using).filter(status=Status.PENDING).values("notification")
    old = every.filter(created_at__lt=_over()).exclude(pk__in=pending).order_by("created_at")
    delete_some(every, old[:BATCH])


def prune_untold(using: str) -> None:
    """Delete the changes about which nobody was told for so long, as nothing sends messages."""
    every = StateChange.objects.using(using)
    delete_some(every, every.filter(notification=None, changed_at__lt=_over())[:UNTOLD])


def _over() -> datetime:
    return timezone.now() - timedelta(days=conf.get().notifications_kept_days)
