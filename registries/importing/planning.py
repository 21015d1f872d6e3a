"""What would become of each entry of a file. Nothing is written, and no registry is asked."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from registries.credentials import Anonymous, Credential
from registries.importing.entry import Entry, Found, Refused
from registries.importing.form import Form
from registries.importing.reading import MOST, Unreadable, decode
from registries.models import Registry, names
from registries.reference import InvalidReference, Reference
from registries.resolving.hosts import patterns
from registries.secrets.sealing import SecretUnreadable
from registries.text import Text
from registries.text import gettext_noop as _

OTHER_LOGIN = _("“%(names)s” is for the same images and signs in otherwise.")
TWICE = _("The file has another login for the same images: “%(names)s”.")
HERE = _("“%(names)s” is the same.")
INCOMPLETE = _("With --only, the row is added without it.")
BY_HAND = _("This kind has no row without it: add the row by hand.")
UNVERIFIED = _("Its certificate is not verified, as in the file.")
FAULT = _("This file cannot be read because of a fault in the program (%(error)s).")


class State(StrEnum):
    """What becomes of an entry."""

    NEW = "new"
    HERE = "already here"
    CONFLICT = "conflict"
    INCOMPLETE = "incomplete"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry and what becomes of it.

    name: the row's, free in the database and in the file. kind: a slug, and place: what the row is
    for; both empty where nothing can be made of it. details: sentences, and of what is lost.
    fingerprint: differs when the login does, and tells nobody more. row: not saved; None where
    there cannot be one.
    """

    state: State
    name: str
    kind: str = ""
    place: str = ""
    details: tuple[str, ...] = ()
    fingerprint: str = ""
    row: Registry | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A row that is not saved, with what decides whether another one is the same."""

    row: Registry
    credential: Credential | None = field(repr=False)
    places: tuple[str, ...]


@sensitive_variables()
def read(form: Form, data: bytes) -> list[Found]:
    """The entries of a file. Raises Unreadable.

    A fault of a reader carries the file's text in its traceback, so it is not passed on.
    """
    text = decode(data)
    fault = ""
    try:
        found = list(form.read(text))
    except Unreadable:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        fault = type(error).__name__
    if fault:
        raise Unreadable(FAULT, error=fault)
    if not found:
        raise Unreadable(_("There is no registry in this."))
    if len(found) > MOST:
        raise Unreadable(_("There are more than %(most)s registries in this."), most=str(MOST))
    return found


@sensitive_variables()
def plan(found: Iterable[Found]) -> list[Planned]:
    """What becomes of each entry, in the file's order."""
    taken: set[str] = set()
    seen: dict[str, list[_Candidate]] = {}
    planned: dict[int, Planned] = {}
    entries = list(enumerate(found))
    # A row for a whole kind comes first, so that its other hosts are found to be the same.
    for number, each in sorted(entries, key=lambda pair: len(getattr(pair[1], "prefix", ""))):
        if isinstance(each, Refused):
            planned[number] = Planned(State.REFUSED, each.name, details=(_said(each.reason),))
        else:
            planned[number] = _planned(each, taken, seen)
    return [planned[number] for number, _each in entries]


def _said(text: Text) -> str:
    return text.render(gettext)


@sensitive_variables()
def _planned(entry: Entry, taken: set[str], seen: dict[str, list[_Candidate]]) -> Planned:
    row = _row(entry)
    unverified = () if row.verify_tls else (gettext(UNVERIFIED),)
    details = (*map(_said, entry.lost), *unverified)
    problems = _problems(row)
    if problems and entry.missing:
        details = (_said(entry.missing), gettext(BY_HAND), *details)
        return Planned(State.INCOMPLETE, entry.name, entry.kind, _for(row, entry.values), details)
    if problems:
        return Planned(State.REFUSED, entry.name, entry.kind, details=(*problems, *details))
    candidate = _Candidate(row, _credential(row), places(row))
    state, detail = _compared(candidate, seen)
    if entry.missing:
        state = State.INCOMPLETE
        details = (_said(entry.missing), gettext(INCOMPLETE), *details)
    elif entry.ask and state is State.NEW:
        state, details = State.CONFLICT, (_said(entry.ask), *details)
    else:
        details = (*([_said(detail)] if detail else []), *details)
    if state is not State.HERE:
        row.name = _free(row.name, taken)
    for place in candidate.places:
        seen.setdefault(place, []).append(candidate)
    return Planned(
        state,
        row.name,
        entry.kind,
        _for(row, entry.values),
        details,
        "" if entry.missing else _fingerprint(candidate),
        row,
    )


@sensitive_variables()
def _row(entry: Entry) -> Registry:
    row = Registry(
        kind=entry.kind,
        name=names.tidy(entry.name)[: names.MAX_NAME],
        prefix=entry.prefix,
        ca_certificate=entry.ca_certificate,
        verify_tls=entry.verify_tls,
    )
    kind = row.declaration
    for name, value in entry.values.items():
        # Without its secret, a row has its address alone.
        if not entry.missing or name in kind.address:
            setattr(row, name, value)
    return row


@sensitive_variables()
def _problems(row: Registry) -> list[str]:
    """What the rules of its kind say against a row, which is cleaned; its name may be taken."""
    try:
        row.full_clean()
    except ValidationError as error:
        return [
            f"{_label(row, name)}: {message}"
            for name, errors in error.error_dict.items()
            for each in errors
            if each.code != "unique"
            for message in each.messages
        ]
    return []


def _label(row: Registry, name: str) -> str:
    variable = row.declaration.by_name.get(name)
    return gettext(variable.label) if variable else name


def places(row: Registry) -> tuple[str, ...]:
    """What a row is for: its prefix, its own host, or an example of each kind of host."""
    own = row.prefix or row.declaration.own_host(row.plain_values())
    home = row.declaration.home(row.plain_values())
    if own:
        return (own,)
    found = [each.example for each in patterns(row)]
    return tuple(sorted(found, key=lambda host: host != home))


@sensitive_variables()
def _for(row: Registry, values: Mapping[str, str]) -> str:
    """What a row is for, with `*` where its hosts differ; `values` are those of its file."""
    own = row.prefix or row.declaration.own_host(values)
    home = row.declaration.home(values)
    return own or home or next((each.text for each in patterns(row)), "")


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


@sensitive_variables()
def _compared(
    candidate: _Candidate, seen: dict[str, list[_Candidate]]
) -> tuple[State, Text | None]:
    """Whether a row with the same login is there, or another one for the same images."""
    for place in candidate.places:
        same, others = _stored(candidate, place)
        if same:
            return State.HERE, Text(HERE, {"names": same})
        if others:
            return State.CONFLICT, Text(OTHER_LOGIN, {"names": "”, “".join(others)})
    for place in candidate.places:
        for other in seen.get(place, ()):
            if other.credential == candidate.credential:
                return State.HERE, Text(HERE, {"names": other.row.name})
            if other.row.prefix == candidate.row.prefix:
                return State.CONFLICT, Text(TWICE, {"names": other.row.name})
    return State.NEW, None


@sensitive_variables()
def _stored(candidate: _Candidate, place: str) -> tuple[str, list[str]]:
    """The stored row with the same login, or else those that stand in its way."""
    others: list[str] = []
    try:
        reference = Reference.parse(f"{place}/x")
    except InvalidReference:
        return "", []
    if reference.match_host != place.partition("/")[0]:
        return "", []  # a host that no image can name
    for stored in Registry.objects.answering(reference):
        if others and len(stored.prefix) < len(candidate.row.prefix):
            break
        if _credential(stored) == candidate.credential:
            return stored.name, []
        is_guest = stored.is_default and not stored.has_secrets
        if stored.prefix == candidate.row.prefix and not is_guest:
            others.append(stored.name)
    return "", others


def _free(name: str, taken: set[str]) -> str:
    """A name that neither the database nor the file has; with a number if need be."""
    number, found = 1, name
    while (key := names.key(found)) in taken or Registry.objects.filter(name_key=key).exists():
        number += 1
        end = f" ({number})"
        found = name[: names.MAX_NAME - len(end)] + end
    taken.add(key)
    return found


@sensitive_variables()
def _fingerprint(candidate: _Candidate) -> str:
    """Keyed, so that nobody who reads it can try passwords against it; empty without a login."""
    if candidate.credential is None or isinstance(candidate.credential, Anonymous):
        return ""
    told = json.dumps([candidate.places[:1], asdict(candidate.credential)], sort_keys=True)
    return salted_hmac("registries.importing", told, algorithm="sha256").hexdigest()[:12]
