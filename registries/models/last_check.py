"""`LastCheck`: the columns with the result of a row's last check, and when the next one is due."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from registries import conf
from registries.models.results import CheckResult
from registries.models.times import as_moment
from registries.verdicts import CODES, Verdict


class Health(models.TextChoices):
    """What several checks in a row say of a row."""

    FINE = "fine", _("fine")
    ATTENTION = "attention", _("needs attention")


class LastCheck(models.Model):
    """A model with the result of its last check. Checks write these columns, `save()` does not."""

    check_verdict = models.CharField(_("last check"), max_length=20, blank=True, editable=False)
    check_code = models.CharField(max_length=50, blank=True, editable=False)
    check_params = models.JSONField(default=dict, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, editable=False)
    # The last check whose result was fine, unless the row has changed since.
    succeeded_at = models.DateTimeField(null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    pulls_remaining = models.PositiveIntegerField(null=True, editable=False)
    pulls_limit = models.PositiveIntegerField(null=True, editable=False)
    # How the registry treats an invented account; a value of `Stranger`. Later checks use it, so
    # that an account is invented only once. The database has the default too, for an earlier
    # version of the app that runs beside this one.
    stranger = models.CharField(
        max_length=20, blank=True, default="", db_default="", editable=False
    )
    # The lease of the check that is running: no other one starts before this time.
    checking_until = models.DateTimeField(null=True, editable=False)
    # How many of the last checks failed, up to now.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    # How many checks in a row, with the last one, came to the same: fine, or in need of attention.
    checks_in_row = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    # What CONFIRM_CHECKS checks in a row said last; empty before. A change of the row leaves it.
    health = models.CharField(
        max_length=20,
        choices=Health.choices,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    health_since = models.DateTimeField(_("last change"), null=True, editable=False)
    # The host that the running check calls, or else that the last one called, with its port; empty
    # if that is not known yet. A change of the address leaves it until the next check begins.
    check_host = models.CharField(
        max_length=255, blank=True, default="", db_default="", editable=False
    )
    # When `run_checks` checks it again: seconds since 1970 by the clock of the database. 0 means as
    # soon as possible, whatever the clock says, and NULL never.
    next_check = models.BigIntegerField(
        _("next check"), null=True, default=0, db_default=0, editable=False
    )
    # Until then a task that checks it is thought to wait in a queue. Whether it is checked when the
    # task runs depends on `next_check` alone.
    enqueued_until = models.DateTimeField(null=True, editable=False)

    # How many checks of each of the last days were fine, unsure and failed; see `days`. NULL before
    # the first one.
    check_days = models.JSONField(null=True, editable=False)

    # Columns of the row itself.
    kind: str
    check_every: int | None
    updated_at: datetime

    class Meta:
        abstract = True

    @property
    def last_check(self) -> CheckResult | None:
        """The result of the last check, or None if the row was not checked since it changed.

        A result with a code that only a later version of the app knows is None as well.
        """
        if self.checked_at is None or not self._is_known_check:
            return None
        return CheckResult(
            verdict=Verdict(self.check_verdict),
            code=self.check_code,
            checked_at=self.checked_at,
            params=self.check_params,
            retry_at=self.retry_at,
            kind=self.kind,
        )

    @property
    def _is_known_check(self) -> bool:
        return self.check_code in CODES and self.check_verdict in set(Verdict)

    def clear_check(self) -> None:
        """Clear the last check, which stays in the history. The next one is due at once.

        A check that is running stays leased: it still calls its host.
        """
        for field in LastCheck._meta.local_fields:
            if field.name in CHECK_FIELDS:
                setattr(self, field.name, field.get_default())
        self.next_check = self.due_at_once

    @property
    def period(self) -> int:
        """Seconds between two checks; 0 if only people check it."""
        return conf.get().check_every if self.check_every is None else self.check_every

    @property
    def due_at_once(self) -> int | None:
        """What `next_check` is in a row to be checked as soon as possible, if it ever is."""
        return 0 if self.period else None

    @property
    def next_check_at(self) -> datetime | None:
        """When the row is or was due; None for never. A change makes it due."""
        if self.next_check is None:
            return None
        return as_moment(self.next_check) if self.next_check else self.updated_at


# The columns of the check that is running, and the record of all: only checks write them.
LEASE, RECORD = ("checking_until", "check_host"), ("check_days",)
# Those of several checks, which outlive a change of the row.
HEALTH = ("health", "health_since")
# Those of the last one.
CHECK_FIELDS = tuple(
    field.name
    for field in LastCheck._meta.local_fields
    if field.name not in (*LEASE, *RECORD, *HEALTH)
)
