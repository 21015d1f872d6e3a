"""The words, icons and colours of verdicts, states and hosts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from registries.admin import ends
from registries.checking.reminders import in_words
from registries.kinds import Kind
from registries.models import Registry
from registries.models.results import CheckResult
from registries.models.times import today
from registries.resolving.hosts import patterns
from registries.verdicts import STEPS, Step, Verdict

# How many checks a tile shows.
SHOWN_CHECKS = 20
# How many hosts a tile names; the rest are counted.
SHOWN_HOSTS = 2


class Look(NamedTuple):
    """A word, an icon and a tone (ok, warn, bad or none), in that order of importance."""

    label: Any
    icon: str
    tone: str


LOOKS: dict[str, Look] = {
    Verdict.VALID: Look(_("Valid"), "valid", "ok"),
    Verdict.ANONYMOUS: Look(_("Reachable"), "reachable", "ok"),
    Verdict.UNPROVEN: Look(_("Unproven"), "unproven", "warn"),
    Verdict.THROTTLED: Look(_("Throttled"), "throttled", "warn"),
    Verdict.REJECTED: Look(_("Rejected"), "rejected", "bad"),
    Verdict.UNREACHABLE: Look(_("Unreachable"), "unreachable", "bad"),
    Verdict.MISCONFIGURED: Look(_("Misconfigured"), "misconfigured", "bad"),
    "": Look(_("Not checked"), "none", "none"),
}
# The words for a row's checks, by tone.
TONES = {"ok": _("%(count)d fine"), "warn": _("%(count)d unsure"), "bad": _("%(count)d failed")}
STATES = {
    "anonymous": Look(_("Anonymous"), "person", "none"),
    "authenticated": Look(_("Authenticated"), "key", "none"),
}
UNVERIFIED = Look(_("TLS not verified"), "shieldoff", "bad")
UNREADABLE = Look(_("Secrets cannot be read"), "keyoff", "bad")
# For a row that is never used, because another one is used for all of its images.
SHADOWED = Look(_("Shadowed"), "minus", "none")


def badges(row: Registry) -> list[Look]:
    """Return the row's state and warnings."""
    result = [STATES[row.state]]
    if row.source:
        result.append(Look(gettext("File: %(source)s") % {"source": row.source}, "file", "none"))
    if row.expires_on and (end := end_badge(row.expires_on)):
        result.append(end)
    if not row.verify_tls:
        result.append(UNVERIFIED)
    if not row.secrets_readable:
        result.append(UNREADABLE)
    return result


def end_badge(day: date) -> Look | None:
    """Return the badge of credentials that have ended or end soon, or None."""
    days = (day - today()).days
    if days > ends.SOON:
        return None
    tone = "bad" if days <= 0 else "warn" if days <= ends.URGENT else "none"
    return Look(in_words(day, today()), "throttled", tone)


# Minutes of a unit, the largest first. Unlike those of `timesince`, these are whole phrases: in
# other languages the unit has another form after “ago”.
UNITS = {
    525_600: ngettext_lazy("%(count)d year ago", "%(count)d years ago", "count"),
    43_200: ngettext_lazy("%(count)d month ago", "%(count)d months ago", "count"),
    10_080: ngettext_lazy("%(count)d week ago", "%(count)d weeks ago", "count"),
    1440: ngettext_lazy("%(count)d day ago", "%(count)d days ago", "count"),
    60: ngettext_lazy("%(count)d hour ago", "%(count)d hours ago", "count"),
    1: ngettext_lazy("%(count)d minute ago", "%(count)d minutes ago", "count"),
}


def breakable(host: str) -> SafeString:
    """Return a host or prefix with places where a line may break."""
    parts = re.split(r"(?<=[.:/])", host)
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in parts))


def ago(moment: datetime) -> str:
    """Return how long ago a time was, in its largest unit."""
    minutes = int((timezone.now() - moment).total_seconds() // 60)
    for unit, words in UNITS.items():
        if minutes >= unit:
            return str(words % {"count": minutes // unit})
    return gettext("just now")


# Hosts


def answers(row: Registry) -> str:
    """Return what the row is used for, in a few words."""
    values = row.plain_values()
    if one := row.prefix or row.declaration.own_host(values):
        return one
    home = row.declaration.home(values)
    texts = [pattern.text for pattern in patterns(row)]
    hosts = list(dict.fromkeys([home, *texts] if home else texts))
    more = len(hosts) - SHOWN_HOSTS
    text = ", ".join(hosts[:SHOWN_HOSTS])
    if more <= 0:
        return text
    return ngettext("%(hosts)s and %(count)d more", "%(hosts)s and %(count)d more", more) % {
        "hosts": text,
        "count": more,
    }


# The last checks


class Trend(NamedTuple):
    """The last checks of a row as a line of marks, newest last.

    marks: a tone each, `none` where there was no check yet. label: the same for who cannot see.
    """

    marks: tuple[str, ...]
    label: str
    short: str

    @classmethod
    def of(cls, verdicts: Sequence[str]) -> "Trend":
        """The trend of verdicts, newest first."""
        last = reversed(verdicts[:SHOWN_CHECKS])
        tones = [LOOKS.get(verdict, LOOKS[""]).tone for verdict in last]
        missing = SHOWN_CHECKS - len(tones)
        if not tones:
            nothing = gettext("No checks yet")
            return cls(("none",) * missing, nothing, nothing)
        counts = [
            word % {"count": tones.count(tone)} for tone, word in TONES.items() if tone in tones
        ]
        params = {"count": len(tones), "fine": tones.count("ok"), "counts": ", ".join(counts)}
        label = ngettext(
            "Last check: %(counts)s", "Last %(count)d checks, oldest first: %(counts)s", len(tones)
        )
        short = gettext("%(fine)d of %(count)d fine")
        return cls(("none",) * missing + tuple(tones), label % params, short % params)


# The steps of a check

STEP_LABELS = {
    "name": _("Host name resolved"),
    "tls": _("TLS"),
    "registry": _("Registry responds"),
    "credentials": _("Credentials accepted"),
    "image": _("Image readable"),
    "stranger": _("Unknown accounts rejected"),
}
PASSED = Look(_("worked"), "valid", "ok")
FAILED = Look(_("failed"), "rejected", "bad")
UNKNOWN = Look(_("unknown"), "unproven", "warn")
SKIPPED = Look(_("not tried"), "none", "skip")
NOT_VERIFIED = Look(_("not verified"), "shieldoff", "warn")


class ShownStep(NamedTuple):
    """A step as a page shows it. start, width: in percent of the whole check's time."""

    label: Any
    look: Look
    time: Any
    start: float = 0
    width: float = 0


def shown_steps(steps: Iterable[Step], *, is_verified: bool = True) -> Iterator[ShownStep]:
    """The steps that were made and, after one that failed, those that were not tried.

    is_verified: whether the certificate was verified.
    """
    by_slug = {step.slug: step for step in steps}
    whole = sum(step.seconds for step in by_slug.values()) or 1
    begun, failed = 0.0, False
    for slug in STEPS:
        if step := by_slug.get(slug):
            look = _look(step)
            start, width = 100 * begun / whole, 100 * step.seconds / whole
            time = SKIPPED.label if look is SKIPPED else milliseconds(step.seconds)
            label = STEP_LABELS[slug]
            if slug == "tls" and look is PASSED and not is_verified:
                label, look = _("TLS, not verified"), NOT_VERIFIED
            yield ShownStep(label, look, time, start, width)
            begun, failed = begun + step.seconds, failed or step.passed is False
        elif failed and slug != "stranger":
            # A stranger is rarely tried, so that step is only shown if it was made.
            yield ShownStep(STEP_LABELS[slug], SKIPPED, SKIPPED.label)


def _look(step: Step) -> Look:
    if step.passed is None:
        return UNKNOWN if step.seconds else SKIPPED
    return PASSED if step.passed else FAILED


def milliseconds(seconds: float) -> str:
    whole = max(1, round(seconds * 1000))
    if whole >= 1000:
        return gettext("%(seconds)s s") % {"seconds": number_format(round(seconds, 1), 1)}
    return gettext("%(milliseconds)d ms") % {"milliseconds": whole}


class ShownResult(NamedTuple):
    """A check's result as a page shows it, with its row. is_kept: whether the row has it."""

    row: Registry
    result: CheckResult
    is_kept: bool = True
    other_address: str | None = None

    @property
    def look(self) -> Look:
        return LOOKS[self.result.verdict]

    @property
    def tone(self) -> str:
        """The tone of the sentence: a sign-in can work while reading the image fails."""
        failed = any(step.passed is False for step in self.result.steps)
        return "warn" if failed and self.result.is_fine else self.look.tone

    @property
    def is_plain_http(self) -> bool:
        """Whether others could read what is sent to the other address."""
        return (self.other_address or "").startswith("http:")

    @property
    def steps(self) -> list[ShownStep]:
        return list(shown_steps(self.result.steps, is_verified=self.row.verify_tls))

    @property
    def time(self) -> str:
        seconds = sum(step.seconds for step in self.result.steps)
        return milliseconds(seconds) if seconds else ""

    @property
    def ago(self) -> str:
        return ago(self.result.checked_at)

    @property
    def hosts(self) -> SafeString:
        return breakable(answers(self.row))

    @property
    def kind(self) -> Kind:
        return self.row.declaration
