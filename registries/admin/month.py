"""The last 30 days of a row: a chart of its checks, the same as a table, and its availability."""

import math
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext

from registries.admin.display import TONES
from registries.checking.days import DAYS, NONE, Counts, Days, availability, counted, counts_of
from registries.models import Registry
from registries.models.times import day_of, today

# The chart's size: of a day, of its bar, and of the part where failed checks are marked.
DAY, BAR, HEIGHT, FOOT = 10, 8, 32, 6


class Part(NamedTuple):
    """A part of a day's bar, with a tone."""

    tone: str
    top: float
    height: float


class Day(NamedTuple):
    """A day of the chart. left: where it begins. text: its checks in words."""

    left: int
    day: date
    counts: Counts
    text: str
    parts: list[Part]

    @property
    def is_checked(self) -> bool:
        return self.counts != NONE

    @property
    def has_failed(self) -> bool:
        return bool(self.counts[-1])

    @property
    def label(self) -> str:
        return f"{date_format(self.day)}: {self.text}"


class Month(NamedTuple):
    """The chart. Days without checks are no days that were fine: they are shown as empty."""

    days: list[Day]

    @classmethod
    def of(cls, row: Registry) -> "Month":
        """Return the last 30 days, the oldest first, with one query at most."""
        last = today()
        first = last - timedelta(days=DAYS - 1)
        kept, days = _kept(row, first), []
        for number in range(DAYS):
            day = first + timedelta(days=number)
            # Of a day on which the record began, more checks may be kept.
            counts = max(counts_of(row.check_days, day), counts_of(kept, day), key=sum)
            days.append(_day(number, day, counts))
        return cls(days)

    @property
    def checked(self) -> list[Day]:
        """The days with checks, the newest first."""
        return [day for day in reversed(self.days) if day.is_checked]

    @property
    def share(self) -> str:
        """The availability in per cent; empty if it is unknown."""
        found = availability(day.counts for day in self.days)
        # Rounded down, so that nothing but a registry that was always fine has 100 %.
        if found is None:
            return ""
        percent = math.floor(found * 1000 + 1e-9) / 10
        return number_format(int(percent) if percent.is_integer() else percent)

    @property
    def summary(self) -> str:
        """The availability, and of how many days it is made."""
        checked = len(self.checked)
        if not checked:
            return gettext("No checks in the last 30 days")
        params = {"share": self.share, "days": checked, "all": DAYS}
        if not self.share:
            return gettext("Checked on %(days)d of %(all)d days") % params
        return gettext("%(share)s %% available, checked on %(days)d of %(all)d days") % params

    @property
    def width(self) -> int:
        return DAYS * DAY

    @property
    def height(self) -> int:
        return HEIGHT + FOOT


def _day(number: int, day: date, counts: Counts) -> Day:
    # In the order of counts.
    words = dict(zip(TONES, counts, strict=True))
    texts = [TONES[tone] % {"count": count} for tone, count in words.items() if count]
    parts, top, whole = [], float(HEIGHT), sum(counts)
    for tone, count in words.items():
        if count:
            height = HEIGHT * count / whole
            top -= height
            parts.append(Part(tone, round(top, 2), round(height, 2)))
    return Day(number * DAY, day, counts, ", ".join(texts) or gettext("no checks"), parts)


def _kept(row: Registry, first: date) -> Days:
    """Return the days of the checks that the row keeps, if the record does not go back so far.

    Those of values that were only typed do not count.
    """
    if row.check_days and min(row.check_days) <= first.isoformat():
        return {}
    since = timezone.now() - timedelta(days=DAYS)
    checks = row.checks.filter(is_recent__in=[True], checked_at__gte=since).order_by()
    moments = checks.values_list("checked_at", "verdict")
    return counted((_date_of(moment), verdict) for moment, verdict in moments)


def _date_of(moment: datetime) -> date:
    return day_of(moment) if timezone.is_aware(moment) else moment.date()
