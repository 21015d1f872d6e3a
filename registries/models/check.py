"""Check: every check that was made: who asked for it, from where, of which address, how it went.

Nothing here is secret: names, addresses without user information, verdicts and their codes.
"""

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registries import conf
from registries.models import names

# So many that are over are deleted at a time: whoever checks does not wait for years of them.
BATCH = 500


class Origin(models.TextChoices):
    """From where a check was asked for."""

    ADMIN = "admin", _("a row's button")
    FORM = "form", _("what was typed")
    BULK = "bulk", _("selected rows")
    COMMAND = "command", _("command line")
    PYTHON = "python", _("code of the site")


class Trust(models.TextChoices):
    """How the registry's certificate was verified."""

    VERIFIED = "verified", _("verified")
    OWN_CA = "own_ca", _("own CA")
    UNVERIFIED = "unverified", _("not verified")
    HTTP = "http", _("not encrypted")


def _text(length: int, **options: Any) -> "models.CharField[str, str]":
    # Known to the database too: an earlier version of the app beside this one leaves it out.
    return models.CharField(max_length=length, blank=True, default="", db_default="", **options)


class Check(models.Model):
    """One check that was made.

    A row shows the newest `KEPT` of those that it kept itself (`is_recent`). What a person asked
    for stays `CHECKS_KEPT_DAYS` in the audit besides, however often anybody checks; so does what
    was never a row. Of the others, each row's newest `KEPT` stay.
    """

    KEPT = 50

    registry = models.ForeignKey(
        "registries.Registry",
        on_delete=models.SET_NULL,
        null=True,
        related_name="checks",
        verbose_name=_("registry"),
    )
    # As they were then: the row may be renamed, gone, or never have been saved.
    registry_name = _text(names.MAX_NAME, verbose_name=_("name"))
    kind = _text(20, verbose_name=_("kind"))
    # What was asked, without paths; two where the row names its token server.
    address = _text(600, verbose_name=_("address"))
    trust = _text(20, verbose_name=_("certificate"))
    verdict = models.CharField(_("verdict"), max_length=20)
    code = models.CharField(_("code"), max_length=50)
    params = models.JSONField(default=dict)
    checked_at = models.DateTimeField(_("checked"))
    seconds = models.FloatField(_("seconds"), default=0)
    origin = _text(20, verbose_name=_("asked from"))
    user_id = _text(64)
    user_name = _text(255, verbose_name=_("user"))
    # Whether it stood, or stands, on the row: not what was typed, nor of a row changed meanwhile.
    is_recent = models.BooleanField(default=True, db_default=True)
    # When it may be deleted; NULL while it is among its row's newest.
    keep_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-checked_at", "-pk")
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        indexes = [
            models.Index(
                fields=["registry", "is_recent", "-checked_at", "-id"],
                name="registries_check_recent",
            ),
            models.Index(
                fields=["keep_until", "registry", "-checked_at", "-id"],
                name="registries_check_over",
            ),
            models.Index(fields=["user_id", "-checked_at"], name="registries_check_user"),
            models.Index(fields=["registry", "-checked_at"], name="registries_check_newest"),
            models.Index(fields=["-checked_at", "-id"], name="registries_check_latest"),
        ]
        # Who may see every check, also of what was never saved. Nobody adds, changes or deletes.
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.verdict} ({self.code})"

    def keep(self, using: str) -> None:
        """Store it, and delete what nobody needs any more."""
        if self.user_id or self.registry_id is None:
            self.keep_until = self.checked_at + timedelta(days=conf.get().checks_kept_days)
        self.save(force_insert=True, using=using)
        every = Check.objects.using(using)
        over = Q(keep_until__lt=timezone.now()) | Q(keep_until=None, registry=None)
        _delete(every, every.filter(over)[:BATCH])
        if self.registry_id is not None:
            own = every.filter(registry=self.registry_id)
            _delete(every, own.filter(keep_until=None)[self.KEPT :])
            # Flags are compared by IN: SQLite uses no index for one that is named alone.
            if old := _pks(own.filter(is_recent__in=[True])[self.KEPT :]):
                every.filter(pk__in=old).update(is_recent=False)


def _pks(checks: models.QuerySet[Check]) -> list[int]:
    return list(checks.values_list("pk", flat=True))


def _delete(every: models.QuerySet[Check], doomed: models.QuerySet[Check]) -> None:
    if pks := _pks(doomed):
        every.filter(pk__in=pks).delete()
