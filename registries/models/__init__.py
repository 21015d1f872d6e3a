"""The models of the app: registries, their checks and hand-overs, and the files that own rows."""

from registries.models.check import Check
from registries.models.handover import Handover
from registries.models.registry import ChangedMeanwhile, Leaving, Registry
from registries.models.source import Source, SourceChange

__all__ = [
    "ChangedMeanwhile",
    "Check",
    "Handover",
    "Leaving",
    "Registry",
    "Source",
    "SourceChange",
]
