"""Times on their way into the database, and out of it."""

from datetime import UTC, date, datetime

from django.conf import settings
from django.utils import timezone


def as_stored(moment: datetime | None) -> datetime | None:
    """A time as the site's models hold it: local, where USE_TZ is off."""
    return None if moment is None else _as_stored(moment)


def today() -> date:
    """The day in the site's time zone, whatever the zone of whoever looks."""
    return day_of(datetime.now(UTC))


def day_of(moment: datetime) -> date:
    """The day in the site's time zone of an aware time."""
    return moment.astimezone(timezone.get_default_timezone()).date()


def as_moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time of the site's models."""
    return _as_stored(datetime.fromtimestamp(seconds, UTC))


def as_seconds(moment: datetime) -> float:
    """A time of the site's models as seconds since 1970."""
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.timestamp()


def _as_stored(moment: datetime) -> datetime:
    if settings.USE_TZ:
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())
