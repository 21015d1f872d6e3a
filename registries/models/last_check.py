"""LastCheck: the columns in which a row keeps its last check, and what they say."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registries.models.results import CheckResult
from registries.verdicts import CODES, Verdict


class LastCheck(models.Model):
    """A row that is checked: what the last check left belongs to it, not to whoever saves."""

    check_verdict = models.CharField(_("last check"), max_length=20, blank=True, editable=False)
    check_code = models.CharField(max_length=50, blank=True, editable=False)
    check_params = models.JSONField(default=dict, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    pulls_remaining = models.PositiveIntegerField(null=True, editable=False)
    pulls_limit = models.PositiveIntegerField(null=True, editable=False)
    # What an invented account was told with these credentials' registry; one of `Stranger`.
    # Checks come and go, and leave it: nobody is to be asked twice.
    # Known to the database too: an earlier version of the app beside this one leaves it out.
    stranger = models.CharField(
        max_length=20, blank=True, default="", db_default="", editable=False
    )
    # Somebody is checking the row: nobody else starts before this time.
    checking_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def last_check(self) -> CheckResult | None:
        """The result of the last check; None when the row was not checked as it stands.

        What a later version of the app stored, and this one does not know, is None as well.
        """
        if self.checked_at is None or not self._is_known_check:
            return None
        return CheckResult(
            verdict=Verdict(self.check_verdict),
            code=self.check_code,
            checked_at=self.checked_at,
            params=self.check_params,
            retry_at=self.retry_at,
        )

    @property
    def _is_known_check(self) -> bool:
        return self.check_code in CODES and self.check_verdict in set(Verdict)

    def clear_check(self) -> None:
        """Forget the last check; the history keeps it."""
        for field in LastCheck._meta.local_fields:
            setattr(self, field.name, field.get_default())


CHECK_FIELDS = tuple(field.name for field in LastCheck._meta.local_fields)
