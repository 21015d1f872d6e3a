"""The models of the app: registries and their checks."""

from registries.models.check import Check
from registries.models.registry import ChangedMeanwhile, Registry

__all__ = ["ChangedMeanwhile", "Check", "Registry"]
