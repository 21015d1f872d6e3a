"""When a row's credentials end, in words, and which rows that concerns."""

from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.models import Registry
from registries.models.ending import EndSource
from registries.models.times import today

# Credentials that end within so many days are told of; within a week, they are urgent.
SOON, URGENT = 30, 7
# The values of the list's filter.
SOON_OR_ENDED, ENDED, UNKNOWN = "soon", "ended", "unknown"


def ends_within(days: int) -> Q:
    """Rows whose credentials end within so many days, or today, but have not ended before."""
    first = today()
    return Q(expires_on__range=(first, first + timedelta(days=days)))


def has_ended() -> Q:
    """Rows whose credentials have ended before today."""
    return Q(expires_on__lt=today())


def ends_soon() -> Q:
    """Rows whose credentials have ended, or end soon."""
    return Q(expires_on__lte=today() + timedelta(days=SOON))


# Who said the day, in words.
SOURCES = {
    EndSource.TYPED.value: _("entered by hand"),
    EndSource.LEARNED.value: _("said by the registry or the credentials"),
    "": _("entered for earlier credentials"),
}


class ShownEnd(NamedTuple):
    """When the credentials of a row end, as its page shows it."""

    text: str
    day: date | None

    @classmethod
    def of(cls, row: Registry) -> "ShownEnd | None":
        """Return what is known; None if nothing is."""
        day, source = row.expires_on, row.expires_on_source
        if day is None:
            text = gettext("The registry says that the credentials do not end.")
            return cls(text, None) if source == EndSource.LEARNED else None
        is_past = day < today()
        text = (
            gettext("Credentials ended on %(day)s (%(source)s)")
            if is_past
            else gettext("Credentials end on %(day)s (%(source)s)")
        )
        params = {"day": date_format(day), "source": SOURCES.get(source, SOURCES[""])}
        return cls(text % params, day)
