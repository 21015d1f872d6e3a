"""The models: registries, checks, hand-overs, tallies, files that own rows, notifications."""

from registries.models.check import Check
from registries.models.handover import Handover
from registries.models.last_check import Health
from registries.models.notification import (
    Delivery,
    GoneReceiver,
    Notification,
    StateChange,
)
from registries.models.registry import ChangedMeanwhile, Leaving, Registry
from registries.models.source import Source, SourceChange
from registries.models.tally import Tally

__all__ = [
    "ChangedMeanwhile",
    "Check",
    "Delivery",
    "GoneReceiver",
    "Handover",
    "Health",
    "Leaving",
    "Notification",
    "Registry",
    "Source",
    "SourceChange",
    "StateChange",
    "Tally",
]
