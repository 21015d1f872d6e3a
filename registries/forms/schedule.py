"""How often a row is checked by itself: what there is to choose from, in words."""

from django import forms
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from registries import conf
from registries.conf import DAY, HOUR, MINUTE

# What the form offers, in seconds; 0 is never.
PERIODS = (15 * MINUTE, HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 0)
# Seconds of a unit, the largest first.
UNITS = {
    DAY: ngettext_lazy("every day", "every %(count)d days", "count"),
    HOUR: ngettext_lazy("every hour", "every %(count)d hours", "count"),
    MINUTE: ngettext_lazy("every minute", "every %(count)d minutes", "count"),
    1: ngettext_lazy("every second", "every %(count)d seconds", "count"),
}


def in_words(seconds: int) -> str:
    """Return how often that is: `every 6 hours`, or `never` for 0."""
    if not seconds:
        return gettext("never")
    unit = next(unit for unit in UNITS if seconds % unit == 0)
    return str(UNITS[unit] % {"count": seconds // unit})


class PeriodField(forms.TypedChoiceField):
    """A period for one row; None stands for that of the site."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Automatic check"),
            help_text=_("A new address or new credentials are checked at once."),
            required=False,
            coerce=int,
            empty_value=None,
        )

    def offer(self, own: int | None) -> None:
        """Offer what there is to choose from, and what the row has."""
        site = gettext("as this site: %(every)s") % {"every": in_words(conf.get().check_every)}
        offered = PERIODS if own is None or own in PERIODS else (own, *PERIODS)
        self.choices = [("", site), *((str(period), in_words(period)) for period in offered)]
