"""What applying a file would change. Nothing is written, and no registry is asked."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import router
from django.views.decorators.debug import sensitive_variables

from registries.kinds import KINDS
from registries.models import Registry, names, validation
from registries.models.resetting import DEFAULTS, is_untouched
from registries.provisioning.applied import (
    Values,
    as_text,
    drifted,
    named_before,
    values_of,
)
from registries.provisioning.document import COMMON, DAYS, PERIODS, Declared, Document
from registries.provisioning.faults import Fault, NotApplied, Place
from registries.provisioning.references import Unresolved

# Rows in memory at a time.
BATCH = 200


class Action(StrEnum):
    """What becomes of a row."""

    CREATE = "create"
    CHANGE = "change"
    DRIFT = "drift"
    ADOPT = "adopt"
    UNCHANGED = "unchanged"
    DELETE = "delete"
    RESET = "reset"
    ORPHAN = "orphan"


# These write nothing.
IDLE = frozenset({Action.UNCHANGED, Action.ORPHAN})


@dataclass(slots=True)
class Step:
    """A row and what becomes of it.

    fields: the names of what changes. drifted: those of them that somebody else changed since the
    file was applied. pk: the row's, None while there is none. is_unrecorded: whether the file names
    other columns than when it was applied last; a row without changes then learns which.
    """

    name: str
    kind: str
    action: Action
    fields: tuple[str, ...] = ()
    drifted: tuple[str, ...] = ()
    pk: int | None = None
    is_unrecorded: bool = False


class Options(NamedTuple):
    """How a file is applied.

    prune: delete what the source owns and does not declare. prune_all: even if that is more than
    half of it. adopt: take over rows that nobody owns.
    """

    prune: bool = False
    prune_all: bool = False
    adopt: bool = False


@dataclass(slots=True)
class Pending:
    """A step with what it writes: the row as it is stored, and the row as it shall be."""

    step: Step
    target: Registry
    stored: Registry | None = None
    values: Values = field(default_factory=dict, repr=False)


class Owned(NamedTuple):
    """A row of the source."""

    pk: int
    name: str
    name_key: str
    kind: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A step for each row that a source declares or owns."""

    source: str
    steps: tuple[Step, ...]

    @property
    def changes(self) -> bool:
        """Whether anything is written, or was."""
        return any(step.action not in IDLE for step in self.steps)

    def count(self) -> dict[Action, int]:
        """Return how many steps there are of each action that there is."""
        return dict(Counter(step.action for step in self.steps))


@sensitive_variables()
def plan(document: Document, options: Options) -> Plan:
    """Return what applying a document would change. Raises NotApplied."""
    planner = Planner(document, options)
    steps = planner.pruning()
    steps += [pending.step for batch in planner.batches() for pending in batch]
    planner.raise_faults()
    return Plan(document.source, tuple(steps))


class Planner:
    """Compares a document with the rows, batch by batch, and collects what is wrong."""

    def __init__(self, document: Document, options: Options) -> None:
        self.document, self.options = document, options
        self.faults: list[Fault] = []
        self.rows = Registry.objects.using(router.db_for_write(Registry))
        columns = self.rows.filter(source=document.source).values_list(*Owned._fields)
        self.owned = {row.name_key: row for row in map(Owned._make, columns)}

    def raise_faults(self) -> None:
        if self.faults:
            raise NotApplied(self.faults)

    # Rows that are no longer declared

    def pruning(self) -> list[Step]:
        """Return a step for each row that the source owns and does not declare."""
        declared = {names.key(entry.name) for entry in self.document.declared}
        remaining = declared | self._renamed()
        orphans = [row for key, row in self.owned.items() if key not in remaining]
        is_pruning = self.options.prune or self.options.prune_all
        if is_pruning and not self.options.prune_all and 2 * len(orphans) > len(self.owned):
            text = (
                f"This would prune {len(orphans)} of the {len(self.owned)} registries that"
                f" “{self.document.source}” owns, more than half. With --prune-all, it does."
            )
            self.faults.append(Fault(Place(""), text, "prune_brake"))
        return [Step(row.name, row.kind, _pruned(row, is_pruning), pk=row.pk) for row in orphans]

    def _renamed(self) -> set[str]:
        """Return the keys of the rows that get a new name: where there is no row of that name."""
        old_keys = {
            names.key(entry.name): key
            for entry in self.document.declared
            if entry.was and (key := names.key(entry.was)) in self.owned
        }
        waiting = iter([*old_keys])
        while batch := list(islice(waiting, BATCH)):
            for taken in self.rows.filter(name_key__in=batch).values_list("name_key", flat=True):
                del old_keys[taken]
        return set(old_keys.values())

    # Rows that are

    def batches(self) -> Iterator[list[Pending]]:
        """Yield what becomes of the declared rows, some rows at a time."""
        waiting = iter(self.document.declared)
        while batch := list(islice(waiting, BATCH)):
            yield list(self._batch(batch))

    @sensitive_variables()
    def _batch(self, batch: list[Declared]) -> Iterator[Pending]:
        keys = {names.key(name) for entry in batch for name in (entry.name, entry.was) if name}
        rows = {row.name_key: row for row in self.rows.filter(name_key__in=keys)}
        for declared in batch:
            # Taken out, so that no row becomes two of the declared ones.
            stored = rows.pop(names.key(declared.name), None)
            if stored is None and declared.was:
                before = rows.get(names.key(declared.was))
                if before is not None and before.source in {"", self.document.source}:
                    stored = rows.pop(before.name_key)
            if (text := self._refusal(declared, stored)) is not None:
                self.faults.append(Fault(declared.place, text, "not_owned"))
            elif pending := self._pending(declared, stored):
                yield pending

    def _refusal(self, declared: Declared, stored: Registry | None) -> str | None:
        """Return why a row cannot become what is declared, or None."""
        if stored is None:
            return None
        name = f"“{stored.name}”"
        if stored.source not in {"", self.document.source}:
            return f"{name} is owned by the source “{stored.source}”. Release it there first."
        if stored.kind != declared.kind:
            kind = stored.kind
            return f"{name} is of the kind {kind}, which cannot change. Choose another name."
        if not stored.source and not self.options.adopt and not is_untouched(stored):
            return f"{name} is there already, and no file owns it. With --adopt, this file does."
        return None

    @sensitive_variables()
    def _pending(self, declared: Declared, stored: Registry | None) -> Pending | None:
        target = self._target(declared, stored)
        if target is None:
            return None
        desired = values_of(target)
        named = [*KINDS[declared.kind].by_name, *declared.common]
        values = {name: desired[name] for name in named}
        if stored is None:
            step = Step(target.name, target.kind, Action.CREATE, _set(target, desired))
            return Pending(step, target, values=values)
        actual = values_of(stored)
        fields = [name for name, value in desired.items() if actual[name] != value]
        drifted_names = drifted(stored, fields, actual) if stored.source else set()
        if target.name != stored.name:
            fields.insert(0, "name")
        action = Action.UNCHANGED
        if not stored.source:
            action = Action.ADOPT
        elif fields:
            action = Action.DRIFT if drifted_names.issuperset(fields) else Action.CHANGE
        step = Step(
            target.name,
            target.kind,
            action,
            tuple(fields),
            tuple(name for name in fields if name in drifted_names),
            stored.pk,
            named_before(stored) != set(named),
        )
        return Pending(step, target, stored, values)

    @sensitive_variables()
    def _target(self, declared: Declared, stored: Registry | None) -> Registry | None:
        """Return an unsaved row as it shall be, with its secrets; None if it is wrong."""
        before = len(self.faults)
        row = Registry(kind=declared.kind, name=declared.name)
        if stored is not None:
            row.is_default = stored.is_default
            _keep_common(row, declared, stored)
        for name, value in declared.common.items():
            setattr(row, name, value)
        for name, text in declared.plain.items():
            setattr(row, name, text)
        for name, reference in declared.secrets.items():
            try:
                setattr(row, name, reference.resolve())
            except Unresolved as error:
                self.faults.append(Fault(declared.place_of(name), str(error), "unresolved"))
        if len(self.faults) > before:
            return None  # rules would only say that it is missing
        errors = validation.Errors()
        if stored is None or stored.name != row.name:
            row.pk = stored.pk if stored else None  # the name may be its own
            validation.clean_name(row, errors, is_unique=True)
        validation.clean_settings(row, errors)
        for name, problems in errors.by_field.items():
            for problem in problems:
                text = " ".join(ValidationError([problem]).messages)
                self.faults.append(Fault(declared.place_of(name), text, problem.code or "invalid"))
        return None if len(self.faults) > before else row


def _pruned(row: Owned, is_pruning: bool) -> Action:
    if not is_pruning:
        return Action.ORPHAN
    return Action.RESET if row.is_default else Action.DELETE


def _keep_common(row: Registry, declared: Declared, stored: Registry) -> None:
    """Keep what the file does not name, and never named: what it named before is reset.

    A row that is adopted keeps only PERIODS and DAYS: the rest decides who receives the file's
    secrets. Without secrets there is nothing that could end.
    """
    before = named_before(stored)
    kept = COMMON if stored.source else (*PERIODS, *DAYS)
    for name in kept if declared.secrets else set(kept).difference(DAYS):
        if name not in declared.common and name not in before:
            setattr(row, name, getattr(stored, name))


def _set(row: Registry, values: Values) -> tuple[str, ...]:
    defaults = {name: as_text(value) for name, value in DEFAULTS.items()}
    return tuple(name for name, value in values.items() if value != defaults.get(name, ""))
