"""The app's models: a registry, and the checks that were made of it."""

from registries.models.check import Check
from registries.models.registry import ChangedMeanwhile, Registry

__all__ = ["ChangedMeanwhile", "Check", "Registry"]
