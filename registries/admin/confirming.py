"""The page that asks for confirmation before registries are reset or deleted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from registries.admin.base import Pages, owned
from registries.models import Check, Registry
from registries.models.resetting import is_untouched
from registries.secrets.sealing import Secret

Refused = list[tuple[Registry, str]]


def untouched(row: Registry) -> str:
    text = gettext("“%(name)s” is as it was installed: there is nothing to reset.")
    return text % {"name": row}


def not_default(row: Registry) -> str:
    text = gettext("“%(name)s” is not a default registry: delete it instead.")
    return text % {"name": row}


def refused_reset(row: Registry) -> str | None:
    """Return why a row cannot be reset; None if it can."""
    if row.source:
        return owned(row)
    if not row.is_default:
        return not_default(row)
    return untouched(row) if is_untouched(row) else None


class Erased(NamedTuple):
    """One thing that a row loses, with details."""

    label: str
    note: str = ""


class ConfirmPages(Pages):
    """The page that asks for confirmation."""

    def confirm(
        self,
        request: HttpRequest,
        verb: str,
        rows: list[Registry],
        refused: Refused,
        *,
        action: str | None = None,
        along: Mapping[str, int] | None = None,
    ) -> HttpResponse:
        """Show what will be reset or deleted, what will not, and why.

        action: the action of the list that asks; None for the page of a single row. along: the
        number of the site's own rows that are deleted too, by their name.
        """
        one = None if action else next(iter([*rows, *(row for row, _why in refused)]))
        return self.page(
            request,
            "confirm",
            title=_title(verb, one) if one else _title_of_many(verb, len(rows)),
            verb=verb,
            one=one,
            rows=list(_erased(rows, verb)),
            has_credentials=any(row.state == "authenticated" for row in rows),
            refused=refused,
            count=len(rows) + len(refused),
            action=action,
            action_checkbox_name=ACTION_CHECKBOX_NAME,
            along=", ".join(f"{name} ({number})" for name, number in (along or {}).items()),
            is_popup=IS_POPUP_VAR in request.GET,
        )


def _title(verb: str, row: Registry) -> str:
    text = gettext("Reset “%(name)s”?") if verb == "reset" else gettext("Delete “%(name)s”?")
    return text % {"name": row}


def _title_of_many(verb: str, count: int) -> str:
    if not count:
        return gettext("Nothing to reset") if verb == "reset" else gettext("Nothing to delete")
    if verb == "reset":
        text = ngettext("Reset %(count)d registry?", "Reset %(count)d registries?", count)
    else:
        text = ngettext("Delete %(count)d registry?", "Delete %(count)d registries?", count)
    return text % {"count": count}


def _erased(rows: list[Registry], verb: str) -> Iterator[tuple[Registry, list[Erased]]]:
    """Yield the rows, each with what it loses."""
    checks: Counter[Any] = Counter()
    if verb == "delete":
        recent = Check.objects.filter(registry__in=rows, is_recent__in=[True]).order_by()
        counted = recent.values_list("registry").annotate(count=Count("pk"))
        checks.update(dict(counted.values_list("registry", "count")))
    for row in rows:
        erased = [*_settings(row)]
        if count := checks[row.pk]:
            text = ngettext("%(count)d past check", "%(count)d past checks", count)
            erased.append(Erased(text % {"count": count}))
        elif verb == "reset" and row.last_check:
            erased.append(Erased(gettext("Last check")))
        yield row, erased


def _settings(row: Registry) -> Iterable[Erased]:
    """Yield the entered values by their labels; for secrets, when they were set."""
    for variable in row.declaration.variables:
        if value := row.raw_value(variable.name):
            yield Erased(gettext(variable.label), _since(value))
    if row.prefix:
        yield Erased(gettext("Only for images under"), row.prefix)
    if row.ca_certificate:
        yield Erased(gettext("CA certificate"))
    if not row.verify_tls:
        yield Erased(gettext("TLS not verified"))


def _since(value: Any) -> str:
    if not isinstance(value, Secret):
        return ""
    if value.set_at is None:
        return gettext("secret")
    text = gettext("secret, set since %(date)s")
    return text % {"date": date_format(value.set_at, "DATE_FORMAT")}
