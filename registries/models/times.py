"""Times on their way into the database."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone


def as_stored(moment: datetime | None) -> datetime | None:
    """A time as the site's models hold it: local, where USE_TZ is off."""
    if moment is None or settings.USE_TZ:
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())
