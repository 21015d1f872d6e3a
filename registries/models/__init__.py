"""The models: registries, checks and hand-overs, their tallies, and the files that own rows."""

from registries.models.check import Check
from registries.models.handover import Handover
from registries.models.registry import ChangedMeanwhile, Leaving, Registry
from registries.models.source import Source, SourceChange
from registries.models.tally import Tally

__all__ = [
    "ChangedMeanwhile",
    "Check",
    "Handover",
    "Leaving",
    "Registry",
    "Source",
    "SourceChange",
    "Tally",
]
