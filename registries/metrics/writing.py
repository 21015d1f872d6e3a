"""Writes the figures in one of the two text formats."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from registries.metrics.collecting import Figures

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text"


def write(figures: Figures, accept: str) -> tuple[bytes, str]:
    """Return the figures and their content type: OpenMetrics if the header Accept names it.

    The library's own choice of the format fails with some headers.
    """
    registry = CollectorRegistry()
    registry.register(figures)
    accepted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if OPENMETRICS in accepted:
        text: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]  # untyped
        return text, openmetrics.CONTENT_TYPE_LATEST
    return generate_latest(registry), TEXT
