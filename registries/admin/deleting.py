"""What else a deletion deletes, and what prevents it: the site's own models may refer to rows."""

from collections import Counter
from collections.abc import Iterable
from html import unescape
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.html import strip_tags
from django.utils.translation import gettext

from registries.admin.base import Pages, is_default, owned
from registries.models import Check, Registry

# How many objects that need a registry are named.
NAMED = 5


class Deletion(NamedTuple):
    """Rows that can be deleted, rows that cannot and why, and counts of other deleted objects."""

    rows: list[Registry]
    refused: list[tuple[Registry, str]]
    along: Counter[str]


def deletion(pages: Pages, request: HttpRequest, rows: Iterable[Registry]) -> Deletion:
    """Find out what refers to the rows, and whether the user may delete it."""
    result = Deletion([], [], Counter())
    is_referred_to = _is_referred_to()
    for row in rows:
        if row.source:
            result.refused.append((row, owned(row)))
            continue
        if row.is_default:
            result.refused.append((row, is_default(row)))
            continue
        if not is_referred_to:
            result.rows.append(row)
            continue
        _tree, counts, forbidden, needing = pages.get_deleted_objects([row], request)
        if needing:
            result.refused.append((row, _needed(row, needing)))
        elif forbidden:
            result.refused.append((row, _forbidden(row, forbidden)))
        else:
            result.rows.append(row)
            result.along.update({str(name): count for name, count in counts.items()})
    for model in (Registry, Check):
        del result.along[str(model._meta.verbose_name_plural)]
    return result


def _is_referred_to() -> bool:
    """Return whether any model of the site refers to the model."""
    fields = Registry._meta.get_fields(include_hidden=True)
    others = {field.related_model for field in fields if field.auto_created and not field.concrete}
    return bool(others - {Check})


def _needed(row: Registry, needing: Iterable[str]) -> str:
    # Objects with a page are links.
    names = sorted(unescape(strip_tags(text)) for text in needing)
    others = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
    return gettext("“%(name)s” is needed by: %(others)s.") % {"name": row, "others": others}


def _forbidden(row: Registry, forbidden: Iterable[str]) -> str:
    text = gettext("You do not have permission to delete what belongs to “%(name)s”: %(others)s.")
    return text % {"name": row, "others": ", ".join(sorted(map(str, forbidden)))}
