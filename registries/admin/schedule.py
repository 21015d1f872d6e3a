"""When a row is checked next, in words."""

from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext, ngettext_lazy

from registries.forms.schedule import in_words
from registries.models import Registry
from registries.models.queryset import GRACE

# Minutes of a unit, the largest first.
UNITS = {
    1440: ngettext_lazy("Next check in %(count)d day", "Next check in %(count)d days", "count"),
    60: ngettext_lazy("Next check in %(count)d hour", "Next check in %(count)d hours", "count"),
    1: ngettext_lazy("Next check in %(count)d minute", "Next check in %(count)d minutes", "count"),
}


class NextCheck(NamedTuple):
    """The next check of a row: a sentence, and its time unless it is never."""

    text: str
    at: datetime | None
    is_overdue: bool = False

    @classmethod
    def of(cls, row: Registry) -> "NextCheck":
        at, now = row.next_check_at, timezone.now()
        if at is None:
            return cls(gettext("Checked only when somebody starts it"), None)
        if at < now - GRACE:
            return cls(gettext("Check overdue: run_checks seems not to run"), at, is_overdue=True)
        minutes = int((at - now).total_seconds() // 60)
        for unit, words in UNITS.items():
            if minutes >= unit:
                text = str(words % {"count": minutes // unit})
                break
        else:
            text = gettext("Next check any moment")
        if (at - now).total_seconds() > 1.5 * row.period:  # it fails, or was asked for a pause
            return cls(text, at)
        params = {"next": text, "every": in_words(row.period)}
        return cls(gettext("%(next)s, then %(every)s") % params, at)
