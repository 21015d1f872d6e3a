"""Writes the entries of a plan that are chosen: all of them, or none."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_variables

from registries.importing.form import Form
from registries.importing.planning import Planned, State, plan, read
from registries.models import Registry, names
from registries.text import gettext_noop as _

# What may be written if somebody names it; what is new is written without that.
WHEN_NAMED = {State.NEW, State.CONFLICT, State.INCOMPLETE}


class NotWritten(Exception):
    """Nothing was written; the message says why, and holds no secret."""


@sensitive_variables()
def write(form: Form, data: bytes, only: Collection[str] | None = None) -> list[Planned]:
    """Add the rows of a file that are new, or those of these names; return the plan.

    What was added has a row with a primary key. Raises Unreadable and NotWritten.
    """
    found = read(form, data)
    problem = ""
    planned: list[Planned] = []
    try:
        with transaction.atomic(using=Registry.objects.db):
            planned = plan(found)
            for each in _chosen(planned, only):
                if each.row is not None:
                    each.row.full_clean()
                    each.row.save()
    except ValidationError as error:
        problem = " ".join(error.messages)
    except IntegrityError:
        problem = gettext(_("Somebody else added a registry meanwhile. Run this again."))
    if problem:
        raise NotWritten(problem)
    return planned


def _chosen(planned: list[Planned], only: Collection[str] | None) -> list[Planned]:
    """Raises NotWritten for a name that is not in the plan, or cannot be written."""
    if only is None:
        return [each for each in planned if each.state is State.NEW]
    by_key = {
        names.key(each.name): each for each in planned if each.row and each.state in WHEN_NAMED
    }
    if missing := [name for name in only if names.key(name) not in by_key]:
        template = gettext(_("Nothing of this can be added under the name: %(names)s."))
        raise NotWritten(template % {"names": ", ".join(missing)})
    return [by_key[key] for key in dict.fromkeys(map(names.key, only))]
