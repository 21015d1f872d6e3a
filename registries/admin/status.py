"""Which rows are fine and which need attention, with a constant number of queries."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.admin.display import (
    LOOKS,
    SHADOWED,
    SHOWN_CHECKS,
    UNREADABLE,
    Look,
    Trend,
    ago,
    answers,
    badges,
    breakable,
)
from registries.kinds import KINDS, Kind
from registries.models import Check, Registry
from registries.models.queryset import SECRETS
from registries.models.resetting import is_untouched
from registries.models.results import FINE, CheckResult
from registries.resolving.shadows import shadows
from registries.secrets.keys import key_ids
from registries.verdicts import CODES, Verdict

# The kind for registries that have no kind of their own.
ANY_SERVER = KINDS["custom"]
# For a row that was changed after its last check.
CHANGED = Look(_("Changed since the last check"), "none", "none")
TONE_OF = {verdict: look.tone for verdict, look in LOOKS.items()}


def readable_key_ids() -> list[str]:
    """Return the key ids of rows with readable secrets: all combinations of the current keys."""
    ids = sorted(key_ids())
    most = min(len(ids), len(SECRETS))
    return [",".join(some) for count in range(most + 1) for some in combinations(ids, count)]


def _verdicts(*tones: str) -> Q:
    return Q(check_verdict__in=[verdict for verdict, tone in TONE_OF.items() if tone in tones])


def needs_attention() -> Q:
    """A condition for rows whose last check failed, or whose secrets are unreadable."""
    return _verdicts("warn", "bad") | ~Q(key_id__in=readable_key_ids())


def is_fine() -> Q:
    """A condition for rows whose last check succeeded, and whose secrets can be read."""
    return _verdicts("ok") & Q(key_id__in=readable_key_ids())


def attention_first() -> list[Any]:
    """Return an ordering: failed rows, unclear ones, the rest, and by name in each group."""
    failed = _verdicts("bad") | ~Q(key_id__in=readable_key_ids())
    rank = Case(When(failed, then=Value(0)), When(_verdicts("warn"), then=Value(1)), default=2)
    return [rank.asc(), "name_key"]


@dataclass(slots=True)
class Overview:
    """How many rows are fine, need attention or were not checked, and how many each kind has."""

    fine: int = 0
    attention: int = 0
    unchecked: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.fine + self.attention + self.unchecked

    @property
    def missing_kinds(self) -> list[Kind]:
        """The kinds without rows."""
        return [kind for kind in sorted_kinds() if kind.slug not in self.kinds]


def overview(rows: QuerySet[Registry]) -> Overview:
    """Count the rows, with one query."""
    result, readable = Overview(), set(readable_key_ids())
    groups = rows.order_by().values_list("kind", "check_verdict", "key_id")
    for kind, verdict, key_id, count in groups.annotate(count=Count("pk")):
        result.kinds[kind] += count
        if verdict in FINE and key_id in readable:
            result.fine += count
        elif not verdict and key_id in readable:
            result.unchecked += count
        else:
            result.attention += count
    return result


def sorted_kinds() -> list[Kind]:
    """Return all kinds by label, with the one for other servers last."""
    kinds = [kind for kind in KINDS.values() if kind is not ANY_SERVER]
    return [*sorted(kinds, key=lambda kind: gettext(kind.label).casefold()), ANY_SERVER]


def add_heading(kind: Kind) -> str:
    """Return the heading of the form for a new row."""
    if kind is ANY_SERVER:
        return gettext("Add a self-hosted registry")
    return gettext("Add %(label)s") % {"label": gettext(kind.label)}


def past_verdicts(rows: Sequence[Registry]) -> dict[Any, list[str]]:
    """Return the verdicts of the last checks of each row, newest first, with one query."""
    number = Window(
        RowNumber(), partition_by="registry_id", order_by=[F("checked_at").desc(), F("pk").desc()]
    )
    checks = (
        Check.objects.filter(registry__in=[row.pk for row in rows], is_recent__in=[True])
        .annotate(number=number)
        .filter(number__lte=SHOWN_CHECKS)
        .order_by("number")
    )
    verdicts: dict[Any, list[str]] = defaultdict(list)
    for pk, verdict in checks.values_list("registry_id", "verdict"):
        verdicts[pk].append(verdict)
    return verdicts


class Tile(NamedTuple):
    """A row as the tiles and the table show it."""

    row: Registry
    kind: Kind
    look: Look
    result: CheckResult | None
    trend: Trend
    badges: list[Look]
    hosts: SafeString
    used_instead: Registry | None = None

    @property
    def can_reset(self) -> bool:
        """Whether it is a default row that somebody changed."""
        return self.row.is_default and not is_untouched(self.row)

    @property
    def code(self) -> str:
        """What the message is about; empty if the row was not checked."""
        if UNREADABLE in self.badges:
            return "secret_unreadable"
        return self.result.code if self.result else ""

    @property
    def sentence(self) -> str:
        """What to do, or to know; empty if the row was not checked."""
        if UNREADABLE in self.badges:
            return gettext(CODES["secret_unreadable"].sentence)
        return self.result.detail if self.result else ""

    @property
    def ago(self) -> str:
        return ago(self.result.checked_at) if self.result else ""

    @classmethod
    def of(cls, row: Registry, past: Sequence[str], used_instead: Registry | None = None) -> "Tile":
        """The tile of a row with the verdicts of its last checks, newest first.

        Of secrets that cannot be read, the last check says nothing.
        """
        all_badges = badges(row)
        if UNREADABLE in all_badges:
            look, result = LOOKS[Verdict.MISCONFIGURED], None
        elif result := row.last_check:
            look = LOOKS.get(row.check_verdict, LOOKS[""])
        else:
            look = CHANGED if past else LOOKS[""]
        return cls(
            row=row,
            kind=row.declaration,
            look=look,
            result=result,
            trend=Trend.of(past),
            badges=[*all_badges, *([SHADOWED] if used_instead else [])],
            hosts=breakable(answers(row)),
            used_instead=used_instead,
        )


def tiles(rows: Sequence[Registry]) -> list[Tile]:
    """Return the tiles of loaded rows, with one query for checks and one for other rows."""
    past, used_instead = past_verdicts(rows), shadows(rows)
    return [Tile.of(row, past[row.pk], used_instead.get(row.pk)) for row in rows]
