"""`Check`: the audit of checks, with who made them, from where, for which address, and the result.

It contains no secrets: only names, addresses without user information, verdicts and their codes.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registries import conf
from registries.models import names

# The most expired checks that are deleted at a time, so that nobody waits long for it.
BATCH = 500


class Origin(models.TextChoices):
    """Where a check was started."""

    ADMIN = "admin", _("a row's button")
    FORM = "form", _("what was typed")
    BULK = "bulk", _("selected rows")
    COMMAND = "command", _("command line")
    SCHEDULE = "schedule", _("schedule")
    PYTHON = "python", _("code of the site")


class Trust(models.TextChoices):
    """How the registry's certificate was verified."""

    VERIFIED = "verified", _("verified")
    OWN_CA = "own_ca", _("own CA")
    UNVERIFIED = "unverified", _("not verified")
    HTTP = "http", _("not encrypted")


def _text(length: int, **options: Any) -> "models.CharField[str, str]":
    # The database has the default too, for an earlier version of the app that runs beside this one.
    return models.CharField(max_length=length, blank=True, default="", db_default="", **options)


class Check(models.Model):
    """One check.

    A row shows its newest `KEPT` checks whose result was stored on it (`is_recent`). Checks that a
    person started, and those of unsaved rows, stay in the audit for `CHECKS_KEPT_DAYS`. Of all
    other checks, the newest `KEPT` of each row stay.
    """

    KEPT = 50

    registry = models.ForeignKey(
        "registries.Registry",
        on_delete=models.SET_NULL,
        null=True,
        related_name="checks",
        verbose_name=_("registry"),
    )
    # The values at that time: the row may be renamed, deleted, or never have been saved.
    registry_name = _text(names.MAX_NAME, verbose_name=_("name"))
    kind = _text(20, verbose_name=_("kind"))
    # The origin that was called, and that of the token server if the row names one.
    address = _text(600, verbose_name=_("address"))
    trust = _text(20, verbose_name=_("certificate"))
    # The SHA-256 fingerprints and subjects of the row's own CA.
    ca = _text(600, verbose_name=_("own CA"))
    # Whether a stored secret was sent, and not only what was typed. NULL in earlier checks.
    is_secret_stored = models.BooleanField(_("stored credentials"), null=True)
    verdict = models.CharField(_("verdict"), max_length=20)
    code = models.CharField(_("code"), max_length=50)
    params = models.JSONField(default=dict)
    checked_at = models.DateTimeField(_("checked"))
    seconds = models.FloatField(_("seconds"), default=0)
    origin = _text(20, verbose_name=_("asked from"))
    user_id = _text(64)
    user_name = _text(255, verbose_name=_("user"))
    # Whether the result was stored on the row. It is not for unsaved values, and if the row was
    # changed during the check.
    is_recent = models.BooleanField(default=True, db_default=True)
    # When it may be deleted. NULL if it stays while it is one of the newest of its row.
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
        # The permission to see every check. Nobody may add, change or delete them.
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.verdict} ({self.code})"

    def keep(self, using: str, *, prunes: bool = True) -> None:
        """Save the check and delete expired ones, unless the caller calls `prune` later."""
        if self.user_id or self.registry_id is None:
            self.keep_until = self.checked_at + timedelta(days=conf.get().checks_kept_days)
        self.save(force_insert=True, using=using)
        if prunes:
            prune(using, [] if self.registry_id is None else [self.registry_id])


def prune(using: str, registries: Collection[int]) -> None:
    """Delete expired checks, and of these rows those that are not among the newest `KEPT`."""
    checks = Check.objects.using(using)
    expired = Q(keep_until__lt=timezone.now()) | Q(keep_until=None, registry=None)
    delete_some(checks, checks.filter(expired)[:BATCH])
    if registries:
        own = checks.filter(registry__in=registries)
        delete_some(checks, _older(own.filter(keep_until=None)))
        # SQLite uses an index for a boolean column only with IN.
        if old := _pks(_older(own.filter(is_recent__in=[True]))):
            checks.filter(pk__in=old).update(is_recent=False)


def _older(checks: models.QuerySet[Check]) -> models.QuerySet[Check]:
    """Those that are not among the newest `KEPT` of their row."""
    newest_first = [F("checked_at").desc(), F("pk").desc()]
    number = Window(RowNumber(), partition_by="registry_id", order_by=newest_first)
    return checks.annotate(number=number).filter(number__gt=Check.KEPT).order_by()


def _pks(rows: models.QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


def delete_some(every: models.QuerySet[Any], rows: models.QuerySet[Any]) -> None:
    """Delete rows that a slice was taken of, which no database deletes at once."""
    if pks := _pks(rows):
        every.filter(pk__in=pks).delete()
