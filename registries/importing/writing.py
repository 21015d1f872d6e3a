"""Writes the entries of a plan that are chosen: all of them, or none."""

from collections.abc import Callable, Collection, Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from registries.importing.entry import Found
from registries.importing.planning import Planned, Rights, State, clean, plan
from registries.models import Registry, names
from registries.text import gettext_noop as _

# What is to be added of a plan.
Choose = Callable[[list[Planned]], list[Planned]]


class NotWritten(Exception):
    """Nothing was written; the message says why, and holds no secret."""


def all_new(planned: list[Planned]) -> list[Planned]:
    """Choose what is new."""
    return [item for item in planned if item.state is State.NEW]


def named(only: Collection[str]) -> Choose:
    """Choose what has these names, conflicts and incomplete entries too.

    What is already here is left out. Raises NotWritten for a name that is not in the plan, or
    cannot be added.
    """

    def choose(planned: list[Planned]) -> list[Planned]:
        by_key = {names.key(item.name): item for item in planned}
        if missing := [name for name in only if names.key(name) not in by_key]:
            template = gettext(_("The file has no entry with the name: %(names)s."))
            raise NotWritten(template % {"names": ", ".join(missing)})
        chosen = [by_key[key] for key in dict.fromkeys(map(names.key, only))]
        for item in chosen:
            if not (item.is_addable or item.state is State.HERE):
                raise NotWritten(f"{item.name}: {' '.join(item.details)}")
        return [item for item in chosen if item.is_addable]

    return choose


@sensitive_variables()
def write(
    entries: Iterable[Found],
    choose: Choose = all_new,
    rights: Rights = Rights(),  # noqa: B008 - immutable
    then: Callable[[list[Registry]], None] | None = None,
) -> list[Planned]:
    """Add what is chosen of the plan for these entries, and return the plan.

    What was added has a row with a primary key. `then` is called with these rows, in the same
    transaction. Raises NotWritten, and what `choose` raises.
    """
    problem = ""
    planned: list[Planned] = []
    try:
        with transaction.atomic(using=Registry.objects.db):
            planned = plan(entries, rights)
            rows = [item.row for item in choose(planned) if item.is_addable and item.row]
            for row in rows:
                clean(row)
                row.save()
            if then:
                then(rows)
    except ValidationError as error:
        problem = " ".join(error.messages)
    except IntegrityError:
        problem = gettext(_("Somebody else added a registry meanwhile. Run this again."))
    if problem:
        raise NotWritten(problem)
    return planned
