"""Explains in sentences why a row is used for an image."""

from itertools import islice

from registries.models import Registry
from registries.models.queryset import RESOLVE_COLUMNS
from registries.reference import Reference
from registries.text import Text
from registries.text import gettext_noop as _

# The most rows that are counted. If there are more, the sentence only says so.
COUNTED = 10


def explain(reference: Reference) -> tuple[Registry | None, list[Text]]:
    """Return the row that `resolve` chooses for an image, and the reasons in their order.

    Only the columns that are needed for this are loaded.
    """
    why = [
        Text(
            _("The image's full name is %(image)s; its registry is %(host)s."),
            {"image": str(reference), "host": reference.host},
        )
    ]
    answering = Registry.objects.only(*RESOLVE_COLUMNS).answering(reference, COUNTED + 1)
    rows = list(islice(answering, COUNTED + 1))
    if not rows:
        why.append(Text(_("No registry of this site is for this image.")))
        return None, why
    best = rows[0]
    why.append(_why_it_answers(best, reference))
    if len(rows) == 1:
        why.append(Text(_("No other registry is for this image.")))
        return best, why
    if len(rows) > COUNTED:
        why.append(
            Text(_("More than %(count)s registries are for this image."), {"count": str(COUNTED)})
        )
    else:
        why.append(Text(_("%(count)s registries are for this image."), {"count": str(len(rows))}))
    why.append(Text(_why_before(best, rows[1]), {"name": best.name, "other": rows[1].name}))
    return best, why


def _why_it_answers(row: Registry, reference: Reference) -> Text:
    if row.prefix:
        return Text(
            _("“%(name)s” is for images under %(prefix)s."),
            {"name": row.name, "prefix": row.prefix},
        )
    if row.host:
        return Text(
            _("“%(name)s” has an address on %(host)s."), {"name": row.name, "host": row.host}
        )
    return Text(
        _("“%(name)s” is for all images on %(host)s, as every registry of its kind."),
        {"name": row.name, "host": reference.match_host},
    )


def _why_before(best: Registry, other: Registry) -> str:
    """Return the rule that puts the best row first: the first one in which the rows differ."""
    if len(best.prefix) != len(other.prefix):
        return _("“%(name)s” comes before “%(other)s”: its prefix is longer.")
    if best.has_secrets != other.has_secrets:
        return _("“%(name)s” comes before “%(other)s”: it has credentials.")
    if best.is_default != other.is_default:
        return _("“%(name)s” comes before “%(other)s”: it is not a default registry.")
    return _("“%(name)s” comes before “%(other)s”: it is older.")
