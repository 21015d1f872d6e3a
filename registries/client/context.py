"""`Context`: what the parts of one client share."""

from dataclasses import dataclass, field

from registries.client.deadline import Deadline
from registries.client.tokens import Cache
from registries.client.transport import Transport
from registries.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Context:
    """One registry, the transport to it, the deadline, and the cache of one identity."""

    endpoint: Endpoint
    transport: Transport
    deadline: Deadline
    cache: Cache = field(repr=False)
