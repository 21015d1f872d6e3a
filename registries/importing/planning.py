"""Plans what to do with each entry of a file. Writes nothing, and calls no registry."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.crypto import salted_hmac
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from registries.credentials import AzurePrincipal, Basic, Credential, GoogleServiceAccount
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
BY_HAND = _("A registry of this kind cannot be added without it. Add it by hand.")
UNVERIFIED = _("Its certificate is not verified, as in the file.")
PLAIN = _("It is called over http, without encryption, as in the file.")
AUTHORITY = _("It trusts the CA certificate in the file.")
TOKEN_SERVER = _("It also sends its login to %(address)s, as in the file.")
# Some people enter a token as the user name, with any password.
_TOKEN = re.compile(r"(gh[a-z]|github_pat|glpat|dckr_pat|dop_v1|hvs|xox[a-z])[-_.]|\S{65}")
FAULT = _("This file cannot be read because of a fault in the program (%(error)s).")
# The states of entries that somebody can choose to add.
ADDABLE = {State.NEW, State.CONFLICT, State.INCOMPLETE}


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry of the file, and what to do with it.

    name: of the row; unique in the database and in the file.
    kind, place: a slug, and what the row is for; empty if there can be no row.
    details: sentences, also about values that are lost.
    login: what it signs in as, such as a user name; never a secret. fingerprint: a keyed hash of
        it and the secret. digest: a keyed hash of everything that would be added.
    others: the stored rows that the sentences name.
    row: not saved; None if there can be none.
    """

    state: State
    name: str
    kind: str = ""
    place: str = ""
    details: tuple[str, ...] = ()
    login: str = ""
    fingerprint: str = ""
    digest: str = field(default="", repr=False)
    others: tuple[Registry, ...] = field(default=(), repr=False)
    row: Registry | None = field(default=None, repr=False)

    @property
    def is_addable(self) -> bool:
        return self.row is not None and self.state in ADDABLE

    @property
    def mark(self) -> str:
        """A hash that changes if the page would say, or the import add, something else."""
        parts = [
            *(self.state, self.name, self.kind, self.place, self.details, self.login),
            self.digest,
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@sensitive_variables()
def read(form: Form, data: bytes) -> list[Found]:
    """Return the entries of a file. Raises Unreadable.

    The traceback of an unexpected error would contain the file's text, so it is not chained.
    """
    text = decode(data)
    fault = ""
    try:
        result = list(form.read(text))
    except Unreadable:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        fault = type(error).__name__
    if fault:
        raise Unreadable(FAULT, error=fault)
    if not result:
        raise Unreadable(_("There is no registry in this."))
    if len(result) > MOST:
        raise Unreadable(_("There are more than %(most)s registries in this."), most=str(MOST))
    return result


@sensitive_variables()
def plan(entries: Iterable[Found], rights: Rights = Rights()) -> list[Planned]:  # noqa: B008 - immutable
    """Return what to do with each entry, in the file's order. rights: of the person who imports."""
    used_names = set(Registry.objects.values_list("name_key", flat=True))
    comparer = Comparer(rights)
    planned: dict[int, Planned] = {}
    numbered = list(enumerate(entries))
    # Rows without a prefix come first, so that rows for a part of their images find them.
    for number, entry in sorted(numbered, key=lambda pair: len(getattr(pair[1], "prefix", ""))):
        if isinstance(entry, Refused):
            planned[number] = Planned(State.REFUSED, entry.name, details=(_sentence(entry.reason),))
        else:
            planned[number] = _planned(entry, used_names, comparer)
    return [planned[number] for number, _ in numbered]


def _sentence(text: Text) -> str:
    return text.render(gettext)


@sensitive_variables()
def _planned(entry: Entry, used_names: set[str], comparer: Comparer) -> Planned:
    try:
        row = _row(entry)
    except ValidationError as error:  # such as half a character, which no database can store
        return Planned(State.REFUSED, entry.name, entry.kind, details=tuple(error.messages))
    problems, details = _problems(row), (*map(_sentence, entry.lost),)
    if problems and entry.missing and not problems.keys() & row.declaration.address:
        details = (_sentence(entry.missing), gettext(BY_HAND), *details)
        return Planned(
            State.INCOMPLETE, entry.name, entry.kind, _place_text(row, entry.values), details
        )
    if problems:
        sentences = [text for texts in problems.values() for text in texts]
        return Planned(State.REFUSED, entry.name, entry.kind, details=(*sentences, *details))
    details += (*_risks(row),)
    candidate = Candidate.of(row)
    comparison = comparer.compare(candidate)
    if comparison.state is State.REFUSED:
        details = (comparison.detail, *details)
        return Planned(
            State.REFUSED, entry.name, entry.kind, _place_text(row, entry.values), details
        )
    state, first = _decided(entry, comparison)
    if state is not State.HERE:
        row.name = _free_name(row.name, used_names)
    comparer.add(candidate)
    return Planned(
        state,
        row.name,
        entry.kind,
        _place_text(row, entry.values),
        (*first, *details),
        login=_login(candidate.credential),
        fingerprint="" if entry.missing else _fingerprint(candidate),
        digest=_digest(row),
        others=comparison.others if state in {comparison.state, State.INCOMPLETE} else (),
        row=row,
    )


@sensitive_variables()
def _risks(row: Registry) -> list[str]:
    """Return sentences that somebody should read before adding the row."""
    values = row.plain_values()
    url, token_server = values.get("url", ""), values.get("authurl", "")
    initial = next(
        (variable.initial for variable in row.declaration.variables if variable.name == "authurl"),
        "",
    )
    sentences = [] if row.verify_tls else [gettext(UNVERIFIED)]
    sentences += [gettext(PLAIN)] if url.startswith("http:") else []
    sentences += [gettext(AUTHORITY)] if row.ca_certificate else []
    if token_server and token_server not in {url, initial}:
        sentences.append(gettext(TOKEN_SERVER) % {"address": token_server})
    return sentences


def _login(credential: Credential | None) -> str:
    """Return the account that a credential is for; empty if it may be a secret, or is none."""
    match credential:
        case Basic(username=username, password=password) if username != password:
            account = username
        case AzurePrincipal(client_id=account) | GoogleServiceAccount(client_email=account):
            pass
        case _:
            account = ""
    return "" if _TOKEN.match(account) else account


def _decided(entry: Entry, comparison: Comparison) -> tuple[State, tuple[str, ...]]:
    """Return an entry's state, and the first sentences about it."""
    detail = (comparison.detail,) if comparison.detail else ()
    if entry.missing:
        detail = () if comparison.state is State.HERE else detail
        return State.INCOMPLETE, (_sentence(entry.missing), gettext(INCOMPLETE), *detail)
    if entry.question and comparison.state is State.NEW:
        return State.CONFLICT, (_sentence(entry.question), *detail)
    return comparison.state, detail


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
        # Without its secret, the row only gets its address.
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
        problems = {
            name: [
                f"{_label(row, name)}{message}"
                for item in errors
                if item.code != "unique"
                for message in item.messages
            ]
            for name, errors in error.error_dict.items()
        }
        return {name: texts for name, texts in problems.items() if texts}
    return {}


def _label(row: Registry, name: str) -> str:
    """Return the beginning of a field's error; empty for an error of the whole row."""
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
def _place_text(row: Registry, values: Mapping[str, str]) -> str:
    """Return what a row is for, with `*` for several hosts. values: from the file."""
    own = row.prefix or row.declaration.own_host(values)
    home = row.declaration.home(values)
    return own or home or next((pattern.text for pattern in patterns(row)), "")


def _free_name(name: str, used_names: set[str]) -> str:
    """Return a name that neither the database nor the file has, with a number if needed."""
    number, free = 1, name
    while (key := names.key(free)) in used_names:
        number += 1
        end = f" ({number})"
        free = name[: names.MAX_NAME - len(end)] + end
    used_names.add(key)
    return free


@sensitive_variables()
def _fingerprint(candidate: Candidate) -> str:
    """Return a keyed hash, from which passwords cannot be guessed; empty without a login."""
    if candidate.credential is None or not candidate.signs_in:
        return ""
    return _keyed([candidate.places[:1], asdict(candidate.credential)])[:12]


@sensitive_variables()
def _digest(row: Registry) -> str:
    return _keyed([row.prefix, row.verify_tls, row.ca_certificate, row.values()])


@sensitive_variables()
def _keyed(value: object) -> str:
    text = json.dumps(value, sort_keys=True)
    return salted_hmac("registries.importing", text, algorithm="sha256").hexdigest()
