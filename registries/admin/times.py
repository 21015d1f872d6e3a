"""How a moment is written where it has to be exact."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def stamp(moment: datetime | None) -> str:
    """A moment with its time zone; a dash where there is none."""
    if moment is None:
        return "-"
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{date_format(local, 'DATETIME_FORMAT')} {date_format(local, 'T')}".strip()
