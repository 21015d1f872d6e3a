"""What goes with its registry, and what keeps it."""

from django.db import models

from registries.models import Registry


class Mirror(models.Model):
    """Is deleted along with its registry."""

    name = models.CharField(max_length=50)
    registry = models.ForeignKey(Registry, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return self.name


class Pipeline(models.Model):
    """Keeps its registry from being deleted."""

    name = models.CharField(max_length=50)
    registry = models.ForeignKey(Registry, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name
