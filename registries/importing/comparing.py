"""Whether a row that a file asks for is here already, or another one is in its way."""

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
# So many logins of a file are compared with one stored row: a list of guesses shall not tell which
# of them is right.
MOST_LOGINS = 5


class State(StrEnum):
    """What becomes of an entry."""

    NEW = "new"
    HERE = "already here"
    CONFLICT = "conflict"
    INCOMPLETE = "incomplete"
    REFUSED = "refused"


class Rights(NamedTuple):
    """What somebody who imports may do besides adding rows: change them, and see them."""

    change: bool = True
    view: bool = True


class Comparison(NamedTuple):
    """What becomes of a row, a sentence about it, and the stored rows that the sentence names."""

    state: State
    detail: str = ""
    others: tuple[Registry, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that is not saved, with what decides whether another one is the same."""

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
    """Compares the rows of one file with those that are stored, and with each other."""

    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        self._seen: dict[str, list[Candidate]] = {}
        # The logins that were compared with a stored row, by its primary key.
        self._tried: dict[int, list[Credential | None]] = {}

    def add(self, candidate: Candidate) -> None:
        """Have the rows that follow compared with this one, too."""
        for place in candidate.places:
            self._seen.setdefault(place, []).append(candidate)

    @sensitive_variables()
    def compare(self, candidate: Candidate) -> Comparison:
        if not self.rights.change and (text := refusal(candidate.row, may_view=self.rights.view)):
            return Comparison(State.REFUSED, text)
        until_now: Comparison | None = None
        for place in candidate.places:
            found = self._with_stored(candidate, place)
            if found and found.state is not State.NEW:
                return found
            until_now = until_now or found
        before = [other for place in candidate.places for other in self._seen.get(place, ())]
        for other in before:
            if other.credential == candidate.credential:
                return Comparison(State.HERE, _said(HERE, other.row.name))
        for other in before:
            if other.row.prefix == candidate.row.prefix:
                return Comparison(State.CONFLICT, _said(TWICE, other.row.name))
        return until_now or Comparison(State.NEW)

    @sensitive_variables()
    def _with_stored(self, candidate: Candidate, place: str) -> Comparison | None:
        """Compare it with the stored rows that answer for a place; None if none does."""
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
        """Why it is not told whether two logins are the same; None if it is."""
        if not (candidate.signs_in and stored.has_secrets):
            return None
        if not self.rights.change:
            return NOT_TOLD
        tried = self._tried.get(stored.pk, [])
        is_new = candidate.credential not in tried
        return TOO_MANY if is_new and len(tried) >= MOST_LOGINS else None

    @sensitive_variables()
    def _is_same(self, candidate: Candidate, stored: Registry) -> bool:
        tried = self._tried.setdefault(stored.pk, [])
        if candidate.credential not in tried:
            tried.append(candidate.credential)
        return _credential(stored) == candidate.credential

    def _comparison(self, state: State, template: str, others: list[Registry]) -> Comparison:
        names = [shown_name(other.name, may_view=self.rights.view) for other in others]
        text = gettext(template) % {"names": ", ".join(names)}
        return Comparison(state, text, tuple(others) if self.rights.view else ())


def _said(template: str, name: str) -> str:
    return gettext(template) % {"names": shown_name(name, may_view=True)}


def _answering(row: Registry, place: str) -> Iterator[Registry]:
    """The stored rows for a host or prefix of a row; none for a host that no image can name."""
    host, slash, path = place.partition("/")
    if not ({".", ":"}.intersection(host) or host == "localhost"):
        # Images name such a host with its port.
        host += ":80" if (row.raw_value("url") or "").startswith("http:") else ":443"
    try:
        reference = Reference.parse(f"{host}{slash}{path}/x")
    except InvalidReference:
        return iter(())
    return Registry.objects.answering(reference) if reference.match_host == host else iter(())


def places(row: Registry) -> tuple[str, ...]:
    """What a row is for: its prefix, its own host, or an example of each kind of host."""
    own = row.prefix or row.declaration.own_host(row.plain_values())
    home = row.declaration.home(row.plain_values())
    if own:
        return (own,)
    found = [each.example for each in patterns(row)]
    return tuple(sorted(found, key=lambda host: host != home))


@sensitive_variables()
def _credential(row: Registry) -> Credential | None:
    """What a row signs in with; None if that cannot be read, or is not complete."""
    place = places(row)
    if row.declaration.problems(row.provided(), is_default=row.is_default):
        return None
    try:
        return row.declaration.credential(
            row.values(), place[0].partition("/")[0] if place else None, row.prefix
        )
    except SecretUnreadable:
        return None
