"""Reads files of registries, and says where they are not what they should be.

YAML and TOML have the same schema; `schema` is its JSON Schema. YAML is read by the importers'
reader, so all scalars are text: numbers and booleans are understood here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries import conf
from registries.conf import ENV_PREFIX
from registries.importing.reading import Unreadable, decode, read_toml, read_yaml
from registries.kinds import KINDS, Kind, variables
from registries.models import Leaving, names
from registries.models.source import MAX_SOURCE
from registries.provisioning.faults import Checker, Fault, NotApplied, Place
from registries.provisioning.references import ENV_PATTERN, SecretReference

VERSION = 1
# Bytes of a file, and registries of one source.
LONGEST, MOST = 16 * 2**20, 50_000
SOURCE_PATTERN = rf"^[a-z0-9](?:[a-z0-9._-]{{0,{MAX_SOURCE - 2}}}[a-z0-9])?$"
TOP = ("version", "source", "registries", "$schema")
# What a row has besides the variables of its kind, by the name of the column.
TEXTS = ("prefix", "ca_certificate", "handover")
FLAGS = ("verify_tls",)
PERIODS = ("check_every",)
DAYS = ("expires_on",)
COMMON = (*TEXTS, *FLAGS, *PERIODS, *DAYS)
ENTRY = ("name", "kind", "was", "set", "secrets", *COMMON)
WAYS = ("env", "file")
DAY_PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FLAGS: Mapping[Any, bool] = dict.fromkeys((True, "true", "True", "TRUE"), True) | dict.fromkeys(
    (False, "false", "False", "FALSE"), False
)


@dataclass(frozen=True, slots=True)
class Declared:
    """A registry as a file declares it.

    was: its earlier name, or "". common: those columns of COMMON that the file names.
    """

    place: Place
    name: str
    kind: str
    was: str = ""
    common: Mapping[str, Any] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretReference] = field(default_factory=dict)

    def place_of(self, name: str) -> Place:
        """The place of a variable, or of another column."""
        kind = KINDS[self.kind]
        if name in kind.by_name:
            return self.place.at("secrets" if name in kind.secrets else "set").at(name)
        return self.place.at(name)


@dataclass(frozen=True, slots=True)
class Document:
    """All that the files of one source declare."""

    source: str
    declared: tuple[Declared, ...]


def load(paths: Iterable[str]) -> Document:
    """Return what the files at these paths declare together; - is stdin. Raises NotApplied."""
    files: list[tuple[str, bytes]] = []
    for path in paths:
        try:
            # What is longer than it may be is not read to its end.
            with open(0 if path == "-" else path, "rb", closefd=path != "-") as file:
                files.append((path, file.read(LONGEST + 1)))
        except OSError as error:
            text = f"This file cannot be read: {error.strerror}."
            raise NotApplied([Fault(Place(path), text, "unreadable")]) from None
    return read(files)


def read(files: Iterable[tuple[str, bytes]]) -> Document:
    """Return what files declare together, each a name and its bytes. Raises NotApplied."""
    reader = _Reader()
    for name, data in files:
        reader.read(Place(name), data)
    reader.compare()
    if reader.faults:
        raise NotApplied(reader.faults)
    return Document(reader.source, tuple(reader.declared))


class _Reader(Checker):
    def __init__(self) -> None:
        super().__init__()
        self.source = ""
        self.declared: list[Declared] = []
        self.count = 0  # of entries, right or wrong

    # A whole file

    @sensitive_variables()
    def read(self, place: Place, data: bytes) -> None:
        try:
            content = _parse(place.file, decode(data, LONGEST))
        except Unreadable as error:
            self.fault(place, str(error), "unreadable")
            return
        top = self.mapping(place, content, TOP)
        if top is None:
            return
        if str(top.get("version")) != str(VERSION):
            self.fault(place.at("version"), f"Enter {VERSION}, the version of this schema.")
        source = self.text(place, top, "source")
        if source is not None and not re.fullmatch(SOURCE_PATTERN, source):
            text = "Enter up to 100 lower-case letters, digits, dots, hyphens or underscores."
            self.fault(place.at("source"), text)
        elif source and self.source and source != self.source:
            text = f"Another file has the source “{self.source}”. Apply one source at a time."
            self.fault(place.at("source"), text)
        self.source = self.source or source or ""
        entries = top.get("registries")
        if not isinstance(entries, list):
            self.fault(place.at("registries"), "Enter a list of registries; [] for none.")
            return
        self.count += len(entries)
        if self.count > MOST:
            text = f"There are more than {MOST} registries in this source."
            self.fault(place.at("registries"), text)
            return
        for number, entry in enumerate(entries):
            self.entry(place.at("registries").at(number), entry)

    def compare(self) -> None:
        """Find names that stand twice, also as `was`, and renames that need two steps."""
        by_key: dict[str, Declared] = {}
        for declared in self.declared:
            other = by_key.setdefault(names.key(declared.name), declared)
            if other is not declared:
                there = ": ".join(other.place)
                self.fault(declared.place.at("name"), f"This name stands at {there} already.")
        renamed: dict[str, Declared] = {}
        for declared in self.declared:
            if not declared.was:
                continue
            if names.key(declared.was) in by_key:
                text = "Another registry has this name now. Rename in two steps."
                self.fault(declared.place.at("was"), text)
            # Both would become the same row, with the address of one and the secrets of the other.
            if (other := renamed.setdefault(names.key(declared.was), declared)) is not declared:
                there = ": ".join(other.place)
                self.fault(
                    declared.place.at("was"), f"The registry at {there} was this one already."
                )

    # One registry

    @sensitive_variables()
    def entry(self, place: Place, value: Any) -> None:
        before = len(self.faults)
        entry = self.mapping(place, value, ENTRY)
        if entry is None:
            return
        name, slug = self.text(place, entry, "name"), self.text(place, entry, "kind")
        was = self.text(place, entry, "was") if "was" in entry else ""
        common = self.common(place, entry)
        if slug is not None and slug not in KINDS:
            self.fault(place.at("kind"), f"Enter one of: {', '.join(sorted(KINDS))}.")
        if name is None or slug not in KINDS:
            return
        plain, secrets = self.variables(place, entry, KINDS[slug])
        if len(self.faults) == before:
            self.declared.append(
                Declared(place, names.tidy(name), slug, was or "", common, plain, secrets)
            )

    @sensitive_variables()
    def common(self, place: Place, entry: Mapping[str, Any]) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for name in TEXTS:
            if entry.get(name) == "" and name != "handover":
                columns[name] = ""
            elif name in entry and (text := self.text(place, entry, name)) is not None:
                columns[name] = text
        for name in FLAGS:
            if name in entry:
                value = entry[name]
                if not isinstance(value, bool | str) or value not in _FLAGS:
                    self.fault(place.at(name), "Enter true or false.")
                else:
                    columns[name] = _FLAGS[value]
        readers = {**dict.fromkeys(PERIODS, self.period), **dict.fromkeys(DAYS, self.day)}
        for name, read in readers.items():
            if name in entry and (value := read(place.at(name), entry[name])) is not None:
                columns[name] = value
        if columns.get("handover", Leaving.NONE) not in Leaving.values:
            self.fault(place.at("handover"), f"Enter one of: {', '.join(Leaving.values)}.")
        return columns

    @sensitive_variables()
    def period(self, place: Place, value: Any) -> int | None:
        is_number = isinstance(value, str) and value.isascii() and value.isdigit()
        try:
            return conf.every(int(value) if is_number else value)
        except ValueError:
            text = f"Enter {conf.MINUTE} to {conf.MONTH} seconds, or 0 for never."
            self.fault(place, text)
        return None

    @sensitive_variables()
    def day(self, place: Place, value: Any) -> date | None:
        """Return a day, which is a text in YAML and maybe a date in TOML."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and re.fullmatch(DAY_PATTERN, value):
            with suppress(ValueError):
                return date.fromisoformat(value)
        self.fault(place, "Enter a day such as 2030-01-31.")
        return None

    @sensitive_variables()
    def variables(
        self, place: Place, entry: Mapping[str, Any], kind: Kind
    ) -> tuple[dict[str, str], dict[str, SecretReference]]:
        plain: dict[str, str] = {}
        secrets: dict[str, SecretReference] = {}
        by_name = kind.by_name
        values = self.mapping(place.at("set"), entry.get("set") or {}, by_name, variables())
        for name in values or ():
            at = place.at("set").at(name)
            if name in kind.secrets:
                text = (
                    "This is a secret: name it under `secrets`, as {env: …} or {file: …}, and never"
                    " write it into the file."
                )
                self.fault(at, text, "inline_secret")
            elif (value := self.text(place.at("set"), values or {}, name)) is not None:
                plain[name] = value
        values = self.mapping(place.at("secrets"), entry.get("secrets") or {}, by_name, variables())
        for name, value in (values or {}).items():
            at = place.at("secrets").at(name)
            if name not in kind.secrets:
                self.fault(at, "This is no secret: write it under `set`.")
            elif reference := self.reference(at, value):
                secrets[name] = reference
        return plain, secrets

    @sensitive_variables()
    def reference(self, place: Place, value: Any) -> SecretReference | None:
        if not isinstance(value, dict):
            text = (
                "Name where the secret is, as {env: …} or {file: …}; never write it into the file."
            )
            self.fault(place, text, "inline_secret")
            return None
        mapping = self.mapping(place, value, WAYS, ())
        if mapping is None:
            return None
        if len(mapping) != 1:
            self.fault(place, "Name one place, as {env: …} or {file: …}.")
            return None
        [way] = mapping
        target = self.text(place, mapping, way)
        if target is None:
            return None
        # Whatever else stands here may be the secret itself, so it is not quoted.
        if way == "env" and not re.fullmatch(ENV_PATTERN, target):
            self.fault(place.at(way), f"Name a variable that starts with {ENV_PREFIX}.")
        elif way == "file" and not target.startswith("/"):
            self.fault(place.at(way), "Enter an absolute path.")
        else:
            return SecretReference("env" if way == "env" else "file", target)
        return None


@sensitive_variables()
def _parse(name: str, text: str) -> Any:
    """The content of a file, by the end of its name. Raises Unreadable."""
    if name.endswith(".toml"):
        return read_toml(text)
    documents: Sequence[Any] = read_yaml(text)
    if len(documents) != 1:
        raise Unreadable("There are several documents in this. Make a file of each.")
    return documents[0]
