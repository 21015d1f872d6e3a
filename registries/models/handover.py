"""Handover: one credential that was handed over, or refused: to whom, for what, until when.

Nothing here is secret: names, hosts, times and codes, never the credential.
"""

from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registries import conf
from registries.models import names
from registries.models.check import BATCH, delete_some

# The code of what was handed over; every other one says why not.
HANDED_OVER = "handed_over"
# And this one: somebody let other servers receive the stored secret, without entering it again.
ENTRUSTED = "entrusted"


class Way(models.TextChoices):
    """How a credential was asked for."""

    API = "api", _("API")
    ADMIN = "admin", _("a row's page")
    COMMAND = "command", _("command line")
    PYTHON = "python", _("code of the site")


def _text(length: int, **options: Any) -> "models.CharField[str, str]":
    return models.CharField(max_length=length, blank=True, default="", **options)


class Handover(models.Model):
    """One hand-over, or the refusal of one. Kept `HANDOVERS_KEPT_DAYS`, whatever becomes of it."""

    registry = models.ForeignKey(
        "registries.Registry",
        on_delete=models.SET_NULL,
        null=True,
        related_name="handovers",
        verbose_name=_("registry"),
    )
    # As they were then: the row may be renamed or gone.
    registry_name = _text(names.MAX_NAME, verbose_name=_("name"))
    kind = _text(20, verbose_name=_("kind"))
    # The image or host that was asked for, and what the credential was handed over for.
    asked = _text(600, verbose_name=_("asked for"))
    places = models.TextField(_("handed over for"), blank=True, default="")
    form = _text(20, verbose_name=_("form"))
    is_short = models.BooleanField(_("short-lived"), null=True)
    expires_at = models.DateTimeField(_("until"), null=True)
    code = models.CharField(_("outcome"), max_length=50)
    handed_at = models.DateTimeField(_("time"), default=timezone.now)
    way = _text(20, verbose_name=_("asked from"))
    user_id = _text(64)
    user_name = _text(255, verbose_name=_("user"))
    token = _text(120, verbose_name=_("access token"))
    # What that token begins with: names need not be unique.
    token_key = _text(64, db_default="", verbose_name=_("token begins with"))
    address = _text(64, verbose_name=_("address"))

    class Meta:
        ordering = ("-handed_at", "-pk")
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        indexes = [
            models.Index(fields=["registry", "-handed_at", "-id"], name="registries_handover_row"),
            models.Index(fields=["token", "-handed_at", "-id"], name="registries_handover_token"),
            models.Index(fields=["-handed_at", "-id"], name="registries_handover_latest"),
        ]
        # Who may see all of them. Nobody adds, changes or deletes.
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.form} ({self.code})"

    @property
    def is_handed_over(self) -> bool:
        return self.code == HANDED_OVER

    @property
    def is_refused(self) -> bool:
        return self.code not in {HANDED_OVER, ENTRUSTED}

    def keep(self, using: str) -> None:
        """Store it, and delete what was kept long enough."""
        self.save(force_insert=True, using=using)
        every = Handover.objects.using(using)
        over = timezone.now() - timedelta(days=conf.get().handovers_kept_days)
        delete_some(every, every.filter(handed_at__lt=over)[:BATCH])
