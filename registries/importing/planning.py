"""What would become of each entry of a file. Nothing is written, and no registry is asked."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.crypto import salted_hmac
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from registries.importing.comparing import Candidate, Comparer, Comparison, Rights, State
from registries.importing.entry import Entry, Found, Refused
from registries.importing.form import Form
from registries.importing.reading import MOST, Unreadable, decode
from registries.models import Registry, names
from registries.resolving.hosts import patterns
from registries.text import Text
from registries.text import gettext_noop as _

__all__ = ["Planned", "Rights", "State", "plan", "read"]

INCOMPLETE = _("If you choose it, the row is added without it.")
BY_HAND = _("This kind has no row without it: add the row by hand.")
UNVERIFIED = _("Its certificate is not verified, as in the file.")
PLAIN = _("It is called over http, without encryption, as in the file.")
AUTHORITY = _("It trusts the CA certificate in the file.")
TOKEN_SERVER = _("It also sends its login to %(address)s, as in the file.")
FAULT = _("This file cannot be read because of a fault in the program (%(error)s).")
# What may be added if somebody chooses it.
ADDABLE = {State.NEW, State.CONFLICT, State.INCOMPLETE}


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry and what becomes of it.

    name: the row's, free in the database and in the file. kind: a slug, and place: what the row is
    for; both empty where nothing can be made of it. details: sentences, and of what is lost.
    fingerprint: differs when the login does, and tells nobody more. digest: of all that would be
    written, keyed too. others: the stored rows that
    the sentences name. row: not saved; None where there cannot be one.
    """

    state: State
    name: str
    kind: str = ""
    place: str = ""
    details: tuple[str, ...] = ()
    fingerprint: str = ""
    digest: str = field(default="", repr=False)
    others: tuple[Registry, ...] = field(default=(), repr=False)
    row: Registry | None = field(default=None, repr=False)

    @property
    def is_addable(self) -> bool:
        return self.row is not None and self.state in ADDABLE

    @property
    def mark(self) -> str:
        """Differs where something else is said of an entry, or would be written."""
        told = [self.state, self.name, self.kind, self.place, self.details, self.digest]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


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
def plan(found: Iterable[Found], rights: Rights = Rights()) -> list[Planned]:  # noqa: B008 - immutable
    """What becomes of each entry, in the file's order. rights: those of who imports."""
    taken = set(Registry.objects.values_list("name_key", flat=True))
    comparer = Comparer(rights)
    planned: dict[int, Planned] = {}
    entries = list(enumerate(found))
    # A row for a whole kind comes first, so that its other hosts are found to be the same.
    for number, each in sorted(entries, key=lambda pair: len(getattr(pair[1], "prefix", ""))):
        if isinstance(each, Refused):
            planned[number] = Planned(State.REFUSED, each.name, details=(_said(each.reason),))
        else:
            planned[number] = _planned(each, taken, comparer)
    return [planned[number] for number, _each in entries]


def _said(text: Text) -> str:
    return text.render(gettext)


@sensitive_variables()
def _planned(entry: Entry, taken: set[str], comparer: Comparer) -> Planned:
    row = _row(entry)
    problems, details = _problems(row), (*map(_said, entry.lost),)
    if problems and entry.missing and not problems.keys() & row.declaration.address:
        details = (_said(entry.missing), gettext(BY_HAND), *details)
        return Planned(State.INCOMPLETE, entry.name, entry.kind, _for(row, entry.values), details)
    if problems:
        told = [text for texts in problems.values() for text in texts]
        return Planned(State.REFUSED, entry.name, entry.kind, details=(*told, *details))
    details += (*_risks(row),)
    candidate = Candidate.of(row)
    found = comparer.compare(candidate)
    if found.state is State.REFUSED:
        details = (found.detail, *details)
        return Planned(State.REFUSED, entry.name, entry.kind, _for(row, entry.values), details)
    state, first = _decided(entry, found)
    if state is not State.HERE:
        row.name = _free(row.name, taken)
    comparer.add(candidate)
    return Planned(
        state,
        row.name,
        entry.kind,
        _for(row, entry.values),
        (*first, *details),
        "" if entry.missing else _fingerprint(candidate),
        _digest(row),
        found.others if state in {found.state, State.INCOMPLETE} else (),
        row,
    )


@sensitive_variables()
def _risks(row: Registry) -> list[str]:
    """What somebody should know of a row before adding it."""
    values = row.plain_values()
    url, token_server = values.get("url", ""), values.get("authurl", "")
    initial = next(
        (each.initial for each in row.declaration.variables if each.name == "authurl"), ""
    )
    told = [] if row.verify_tls else [gettext(UNVERIFIED)]
    told += [gettext(PLAIN)] if url.startswith("http:") else []
    told += [gettext(AUTHORITY)] if row.ca_certificate else []
    if token_server and token_server not in {url, initial}:
        told.append(gettext(TOKEN_SERVER) % {"address": token_server})
    return told


def _decided(entry: Entry, found: Comparison) -> tuple[State, tuple[str, ...]]:
    """The state of an entry with what its file leaves out or open, and what is said first."""
    there = (found.detail,) if found.detail else ()
    if entry.missing:
        there = () if found.state is State.HERE else there
        return State.INCOMPLETE, (_said(entry.missing), gettext(INCOMPLETE), *there)
    if entry.ask and found.state is State.NEW:
        return State.CONFLICT, (_said(entry.ask), *there)
    return found.state, there


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
def clean(row: Registry) -> None:
    """Clean a new row by the rules of its kind. Raises ValidationError.

    Names have a rule of their own, and nothing else has to be unique: Django's queries are spared.
    """
    row.full_clean(validate_unique=False, validate_constraints=False)


@sensitive_variables()
def _problems(row: Registry) -> dict[str, list[str]]:
    """What the rules of its kind say against a row, by field. It is cleaned.

    That its name is taken is no problem.
    """
    try:
        clean(row)
    except ValidationError as error:
        told = {
            name: [
                f"{_label(row, name)}{message}"
                for each in errors
                if each.code != "unique"
                for message in each.messages
            ]
            for name, errors in error.error_dict.items()
        }
        return {name: texts for name, texts in told.items() if texts}
    return {}


def _label(row: Registry, name: str) -> str:
    """What an error of a field begins with; nothing for one of the whole row."""
    if name == NON_FIELD_ERRORS:
        return ""
    variable = row.declaration.by_name.get(name)
    label = (
        gettext(variable.label)
        if variable
        else getattr(row._meta.get_field(name), "verbose_name", name)
    )
    return f"{capfirst(label)}: "


@sensitive_variables()
def _for(row: Registry, values: Mapping[str, str]) -> str:
    """What a row is for, with `*` where its hosts differ; `values` are those of its file."""
    own = row.prefix or row.declaration.own_host(values)
    home = row.declaration.home(values)
    return own or home or next((each.text for each in patterns(row)), "")


def _free(name: str, taken: set[str]) -> str:
    """A name whose key is not taken, in the database or the file; with a number if need be."""
    number, found = 1, name
    while (key := names.key(found)) in taken:
        number += 1
        end = f" ({number})"
        found = name[: names.MAX_NAME - len(end)] + end
    taken.add(key)
    return found


@sensitive_variables()
def _fingerprint(candidate: Candidate) -> str:
    """Keyed, so that nobody who reads it can try passwords against it; empty without a login."""
    if candidate.credential is None or not candidate.signs_in:
        return ""
    return _keyed([candidate.places[:1], asdict(candidate.credential)])[:12]


@sensitive_variables()
def _digest(row: Registry) -> str:
    return _keyed([row.prefix, row.verify_tls, row.ca_certificate, row.values()])


@sensitive_variables()
def _keyed(told: object) -> str:
    text = json.dumps(told, sort_keys=True)
    return salted_hmac("registries.importing", text, algorithm="sha256").hexdigest()
