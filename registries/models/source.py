"""Source and SourceChange: the files that own rows, and what applying them changed.

Nothing here is secret: names of rows and of their fields, never a value.
"""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registries.models import names

MAX_SOURCE = 100


class Source(models.Model):
    """The name under which files own rows. Whoever applies them locks its row first."""

    name = models.CharField(max_length=MAX_SOURCE, unique=True)
    applied_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class SourceAction(models.TextChoices):
    """What applying a file did to a row."""

    CREATED = "created", _("added")
    CHANGED = "changed", _("changed")
    ADOPTED = "adopted", _("adopted")
    RESET = "reset", _("reset to default")
    DELETED = "deleted", _("deleted")


class SourceChange(models.Model):
    """A change that applying a file made to a row."""

    registry = models.ForeignKey(
        "registries.Registry", on_delete=models.SET_NULL, null=True, related_name="source_changes"
    )
    # As they were then: the row may be renamed or gone.
    registry_name = models.CharField(max_length=names.MAX_NAME)
    source = models.CharField(max_length=MAX_SOURCE)
    action = models.CharField(max_length=10, choices=SourceAction.choices)
    # The names of the fields that changed, comma-separated.
    fields = models.TextField(blank=True, default="")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-changed_at", "-pk")
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["registry", "-changed_at", "-id"], name="registries_source_change"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registry_name} ({self.action})"
