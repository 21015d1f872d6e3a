"""Compares the rows of a file with stored ones: which are the same, and which are in conflict."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from registries.credentials import Anonymous, Credential
from registries.models import Registry
from registries.reference import InvalidReference, Reference
from registries.resolving.hosts import patterns
from registries.resolving.rivals import refusal, shown_name
from registries.secrets.sealing import SecretUnreadable
from registries.text import gettext_noop as _

HERE = _("%(names)s is the same.")
OTHER_LOGIN = _("%(names)s is for the same images and signs in otherwise.")
NOT_TOLD = _(
    "%(names)s is for the same images. Only who may change registries is told whether its login is"
    " the same."
)
TOO_MANY = _(
    "%(names)s is for the same images. The file has so many logins for it that this one was not"
    " compared."
)
UNTIL_NOW = _("Until now, %(names)s is used for these images.")
TWICE = _("The file has another login for the same images: %(names)s.")
# How many logins of a file are compared with one stored row. With more, a list of guesses could
# find out which one is right.
MOST_LOGINS = 5


class State(StrEnum):
    """What to do with an entry."""

    NEW = "new"
    HERE = "already here"
    CONFLICT = "conflict"
    INCOMPLETE = "incomplete"
    REFUSED = "refused"


class Rights(NamedTuple):
    """What the person who imports may do besides adding rows: change them, and view them."""

    change: bool = True
    view: bool = True


class Comparison(NamedTuple):
    """The state of a row, a sentence about it, and the stored rows that the sentence names."""

    state: State
    detail: str = ""
    others: tuple[Registry, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An unsaved row, with what is compared with other rows."""

    row: Registry
    credential: Credential | None = field(repr=False)
    places: tuple[str, ...]

    @classmethod
    def of(cls, row: Registry) -> "Candidate":
        return cls(row, _credential(row), places(row))

    @property
    def signs_in(self) -> bool:
        return not (self.credential is None or isinstance(self.credential, Anonymous))


class Comparer:
    """Compares the rows of one file with stored rows, and with each other."""

    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        self._seen: dict[str, list[Candidate]] = {}
        # The logins that were compared with a stored row, by its primary key.
        self._tried: dict[int, list[Credential | None]] = {}

    def add(self, candidate: Candidate) -> None:
        """Compare the following rows with this one too."""
        for place in candidate.places:
            self._seen.setdefault(place, []).append(candidate)

    @sensitive_variables()
    def compare(self, candidate: Candidate) -> Comparison:
        if not self.rights.change and (text := refusal(candidate.row, may_view=self.rights.view)):
            return Comparison(State.REFUSED, text)
        until_now: Comparison | None = None
        for place in candidate.places:
            comparison = self._with_stored(candidate, place)
            if comparison and comparison.state is not State.NEW:
                return comparison
            until_now = until_now or comparison
        earlier = [other for place in candidate.places for other in self._seen.get(place, ())]
        for other in earlier:
            if other.credential == candidate.credential:
                return Comparison(State.HERE, _sentence(HERE, other.row.name))
        for other in earlier:
            if other.row.prefix == candidate.row.prefix:
                return Comparison(State.CONFLICT, _sentence(TWICE, other.row.name))
        return until_now or Comparison(State.NEW)

    @sensitive_variables()
    def _with_stored(self, candidate: Candidate, place: str) -> Comparison | None:
        """Compare a row with the stored rows for a place; None if there are none."""
        others: list[Registry] = []
        used: list[Registry] = []
        sentence = OTHER_LOGIN
        for stored in _answering(candidate.row, place):
            if others and len(stored.prefix) < len(candidate.row.prefix):
                break
            if (why := self._untold(candidate, stored)) is None and self._is_same(
                candidate, stored
            ):
                return self._comparison(State.HERE, HERE, [stored])
            if stored.is_default and not stored.has_secrets:
                continue
            used = used or [stored]
            if stored.prefix == candidate.row.prefix:
                others.append(stored)
                sentence = why or sentence
        if others:
            return self._comparison(State.CONFLICT, sentence, others)
        return self._comparison(State.NEW, UNTIL_NOW, used) if used else None

    @sensitive_variables()
    def _untold(self, candidate: Candidate, stored: Registry) -> str | None:
        """Return why the result of comparing two logins is not shown; None if it is."""
        if not (candidate.signs_in and stored.has_secrets):
            return None
        if not self.rights.change:
            return NOT_TOLD
        compared = self._tried.get(stored.pk, [])
        is_new = candidate.credential not in compared
        return TOO_MANY if is_new and len(compared) >= MOST_LOGINS else None

    @sensitive_variables()
    def _is_same(self, candidate: Candidate, stored: Registry) -> bool:
        compared = self._tried.setdefault(stored.pk, [])
        if candidate.credential not in compared:
            compared.append(candidate.credential)
        return _credential(stored) == candidate.credential

    def _comparison(self, state: State, template: str, others: list[Registry]) -> Comparison:
        names = [shown_name(other.name, may_view=self.rights.view) for other in others]
        text = gettext(template) % {"names": ", ".join(names)}
        return Comparison(state, text, tuple(others) if self.rights.view else ())


def _sentence(template: str, name: str) -> str:
    return gettext(template) % {"names": shown_name(name, may_view=True)}


def _answering(row: Registry, place: str) -> Iterator[Registry]:
    """Return the stored rows for a host or prefix; none for hosts that images cannot have."""
    host, slash, path = place.partition("/")
    if not ({".", ":"}.intersection(host) or host == "localhost"):
        # In images, such a host needs a port.
        host += ":80" if (row.raw_value("url") or "").startswith("http:") else ":443"
    try:
        reference = Reference.parse(f"{host}{slash}{path}/x")
    except InvalidReference:
        return iter(())
    return Registry.objects.answering(reference) if reference.match_host == host else iter(())


def places(row: Registry) -> tuple[str, ...]:
    """Return what a row is for: its prefix, its own host, or an example for each host pattern."""
    own = row.prefix or row.declaration.own_host(row.plain_values())
    home = row.declaration.home(row.plain_values())
    if own:
        return (own,)
    examples = [pattern.example for pattern in patterns(row)]
    return tuple(sorted(examples, key=lambda host: host != home))


@sensitive_variables()
def _credential(row: Registry) -> Credential | None:
    """Return the credential of a row; None if it cannot be decrypted, or is incomplete."""
    place = places(row)
    if row.declaration.problems(row.provided(), is_default=row.is_default):
        return None
    try:
        return row.declaration.credential(
            row.values(), place[0].partition("/")[0] if place else None, row.prefix
        )
    except SecretUnreadable:
        return None
