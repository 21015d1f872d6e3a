"""`Ending`: the day on which a row's credentials end, who said so, and which reminder was sent."""

from collections.abc import Iterable
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from registries.models.queryset import SECRETS
from registries.models.times import today
from registries.models.variables import WithVariables


class EndSource(models.TextChoices):
    """Who said when the credentials end.

    A day that somebody entered is not replaced by one that is learned. Once the credentials change,
    it is kept without a source, if it is still to come: then it may be.
    """

    TYPED = "typed"
    LEARNED = "learned"


class Ending(WithVariables):
    """A row whose credentials may end.

    `save()` writes these columns if the day or the credentials change. Otherwise only checks, which
    learn a day, and reminders do.
    """

    expires_on = models.DateField(_("credentials end on"), null=True, blank=True)
    expires_on_source = models.CharField(
        max_length=10, blank=True, default="", db_default="", editable=False
    )
    # How many days before the end somebody was reminded last; NULL if nobody was yet.
    reminded_before = models.PositiveSmallIntegerField(null=True, editable=False)

    # Whether the day was said anew, though it is the same as before.
    is_end_stated = False

    class Meta:
        abstract = True

    @property
    def has_credentials(self) -> bool:
        """Whether a secret is set, stored or not."""
        return any(self.raw_value(name) for name in SECRETS)

    @property
    def is_end_changed(self) -> bool:
        """Whether somebody said since the row was loaded when the credentials end."""
        if "expires_on" not in self.__dict__:
            return False
        return self.is_end_stated or self.expires_on != self.__dict__.get("_stored_end")

    @property
    def has_ended(self) -> bool:
        """Whether the day has come, as far as one is known."""
        return self.expires_on is not None and self.expires_on <= today()

    def settle_end(self, changed: set[str], update_fields: set[str] | None) -> set[str]:
        """Bring the columns in line with what changed, and return those to be written.

        changed: the variables that did. update_fields: what is saved, None for all.
        """
        is_changed = self.is_end_changed
        if update_fields is not None:
            is_changed = is_changed and "expires_on" in update_fields
            changed = changed & update_fields
        if not is_changed and changed.isdisjoint(SECRETS):
            return set()
        if is_changed:
            self.expires_on_source = EndSource.TYPED if self.expires_on else ""
        else:
            if self.expires_on_source == EndSource.LEARNED or self.has_ended:
                self.expires_on = None
            self.expires_on_source = ""
        if not self.has_credentials:
            self.expires_on, self.expires_on_source = None, ""
        self.reminded_before = None
        return set(END_FIELDS)

    def _remember(self, fields: Iterable[str] | None = None) -> None:
        super()._remember(fields)
        if (fields is None or "expires_on" in fields) and "expires_on" in self.__dict__:
            self._stored_end: date | None = self.expires_on
            self.is_end_stated = False


END_FIELDS = tuple(field.name for field in Ending._meta.local_fields)
