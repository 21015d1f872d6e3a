"""The access tokens that programs sign in to the API with."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken

from registries.limits import Limits
from registries.models import Registry

# The last use is written down so often at most: programs may ask many times a second.
NOTED_EVERY = timedelta(minutes=1)


class AccessToken(AuthToken):  # type: ignore[misc]  # the library has no types
    """The library's token, which keeps a hash and the first characters, and what it is for.

    What it may do is limited twice: by its account, and by its own columns. `registries` are ids,
    comma-separated, and `prefixes` beginnings of images' names, one a line; where both are empty,
    it is for every registry.
    """

    name = models.CharField(_("name"), max_length=100)
    purpose = models.CharField(_("purpose"), max_length=255, blank=True)
    may_query = models.BooleanField(_("may read tags and digests"), default=True, db_default=True)
    may_read = models.BooleanField(_("may read registries"), default=True, db_default=True)
    may_hand_over = models.BooleanField(
        _("may be handed credentials"), default=False, db_default=False
    )
    registries = models.CharField(
        _("only these registries"), max_length=1000, blank=True, default="", db_default=""
    )
    prefixes = models.CharField(
        _("only images under"), max_length=2000, blank=True, default="", db_default=""
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")

    def __str__(self) -> str:
        return f"{self.name or f'{self.token_key}…'} ({self.user})"

    @property
    def limits(self) -> Limits:
        """What the API lets it do, whatever its account may do."""
        return Limits(
            may_read=self.may_read,
            may_query=self.may_query,
            may_hand_over=self.may_hand_over,
            registries=frozenset(map(int, self.registries.split(",") if self.registries else ())),
            prefixes=tuple(self.prefixes.split()),
        )

    @property
    def only_for(self) -> list[str]:
        """The names of the registries and the prefixes that it is limited to; empty for none."""
        limits = self.limits
        rows = Registry.objects.filter(pk__in=limits.registries).order_by("name_key")
        labels = [*rows.values_list("name", flat=True), *limits.prefixes]
        return labels if labels or limits.names_all else [gettext("registries that are deleted")]

    @property
    def is_expired(self) -> bool:
        return bool(self.expiry and self.expiry <= timezone.now())

    def note_use(self) -> None:
        """Write down that it is used now, unless that was done within a minute."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > NOTED_EVERY:
            AccessToken.objects.filter(pk=self.pk).update(last_used_at=now)
