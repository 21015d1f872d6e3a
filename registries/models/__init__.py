"""The models of the app: registries, their checks and their hand-overs."""

from registries.models.check import Check
from registries.models.handover import Handover
from registries.models.registry import ChangedMeanwhile, Leaving, Registry

__all__ = ["ChangedMeanwhile", "Check", "Handover", "Leaving", "Registry"]
