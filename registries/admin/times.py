"""Exact times."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def stamp(moment: datetime | None) -> str:
    """Return a time with its time zone; a dash for None."""
    if moment is None:
        return "-"
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{date_format(local, 'DATETIME_FORMAT')} {date_format(local, 'T')}".strip()
