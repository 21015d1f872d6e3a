"""How many requests a user may send: throttles of the API, which the admin uses too."""

from collections.abc import Mapping
from typing import Any

from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle


class ReadThrottle(UserRateThrottle):
    """Limit all requests of a user.

    A site can set another rate for the scope in `DEFAULT_THROTTLE_RATES`. None turns it off.
    """

    scope = "registries"
    default_rate = "600/min"

    def get_rate(self) -> str | None:
        rates: Mapping[str, Any] = api_settings.DEFAULT_THROTTLE_RATES or {}
        rate: str | None = rates.get(self.scope, self.default_rate)
        return rate


class OutgoingThrottle(ReadThrottle):
    """Limit the requests of a user for which the site calls a registry."""

    scope = "registries_outgoing"
    default_rate = "120/min"


class HandoverThrottle(ReadThrottle):
    """Limit the requests of a user for credentials."""

    scope = "registries_handover"
    default_rate = "300/min"


class MetricsThrottle(ReadThrottle):
    """Limit how often an account reads the metrics."""

    scope = "registries_metrics"
    # An answer about 50,000 registries takes seconds of CPU. Two Prometheus servers that ask every
    # 15 seconds with one account send 8 requests a minute.
    default_rate = "10/min"


class ImportThrottle(ReadThrottle):
    """Limit how often a user has a file read that is to be imported."""

    scope = "registries_import"
    # To read a file of 1 MiB, and to plan what becomes of it, takes seconds of CPU.
    default_rate = "10/min"
