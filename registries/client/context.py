"""What the parts of one client share."""

from dataclasses import dataclass, field

from registries.client.deadline import Deadline
from registries.client.tokens import Kept
from registries.client.transport import Transport
from registries.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Context:
    """One registry, one way out, one deadline, and what is remembered for one identity."""

    endpoint: Endpoint
    transport: Transport
    deadline: Deadline
    kept: Kept = field(repr=False)
