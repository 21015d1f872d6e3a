"""`Registry.objects`: finds the row for an image, and protects secrets from queries."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import merge
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError, ValidationError
from django.db import models, transaction
from django.db.models import Case, ExpressionWrapper, F, Q, When
from django.utils.translation import gettext_lazy as _

from registries.kinds import KINDS, Kind, variables
from registries.kinds.base import Lookup
from registries.limits import Limits
from registries.models.secret_column import refuse_raw
from registries.models.times import as_seconds
from registries.reference import Reference, prefixes

if TYPE_CHECKING:
    from registries.models.registry import Registry

# In alphabetical order, so that the generated column below does not depend on the order of kinds.
SECRETS = tuple(sorted(name for name, variable in variables().items() if variable.secret))

# The columns that decide whose certificates are trusted.
TRUST = ("verify_tls", "ca_certificate")
# The values that `update` may write there: they let nobody new receive the secrets.
SAFE_UPDATES = {"verify_tls": True, "ca_certificate": ""}

# A row has credentials if it has a secret, because the credentials of every kind include one.
ANY_SECRET = ExpressionWrapper(
    Q(*((f"{name}__isnull", False) for name in SECRETS), _connector=Q.OR), models.BooleanField()
)
# MariaDB has neither indexes of expressions nor partial unique ones, so these are columns: whether
# a row was never checked, and the kind of a default row, which is NULL in all other rows.
NEVER_CHECKED = ExpressionWrapper(Q(checked_at=None), models.BooleanField())
DEFAULT_KIND = Case(When(is_default=True, then=F("kind")))
# The columns that are needed to decide whether a row answers for an image, and which row is first.
RESOLVE_COLUMNS = (
    *("name", "kind", "prefix", "host", "has_secrets", "is_default", "created_at"),
    *(name for name, variable in variables().items() if variable.address),
)
# The order of the rows that answer for one spelling of an image's host. All their prefixes start
# alike, so the longest one is the last in alphabetical order. The model has indexes in this order.
BEST_FIRST = ("-prefix", "-has_secrets", "is_default", "created_at", "id")
# Rows that were never checked come first, then those with the oldest check. Without the first
# column, SQLite and PostgreSQL would put NULL at different ends.
LONGEST_UNCHECKED_FIRST = ("-never_checked", "checked_at", "id")
# Rows of one host that are due at the same time, such as new ones, come together.
DUE_FIRST = ("next_check", "check_host")
# What is due for so long is overdue: then hardly any `run_checks` is running.
GRACE = timedelta(minutes=10)
# How many rows are read at first. Usually only one is needed.
READ_AHEAD = 4


class RegistryQuerySet(models.QuerySet["Registry"]):
    """A queryset that enforces the rules of the model where Django's would bypass them."""

    # Boolean columns are filtered with IN, because SQLite uses no index otherwise.

    def authenticated(self) -> "RegistryQuerySet":
        """Return the rows with credentials."""
        return self.filter(has_secrets__in=[True])

    def anonymous(self) -> "RegistryQuerySet":
        """Return the rows without credentials."""
        return self.filter(has_secrets__in=[False])

    def within(self, limits: Limits) -> "RegistryQuerySet":
        """The rows that an access token is for: named by their ids, or for images that it names."""
        if limits.names_all:
            return self
        named = Q(pk__in=limits.registries)
        for prefix in limits.prefixes:
            named |= _under(prefix)
        return self.filter(named)

    def resolve(self, image: "str | Reference") -> "Registry | None":
        """Return the row whose credentials are used to read an image, or None.

        The longest prefix wins, then rows with credentials, then rows that are not a default row,
        then the oldest row. `image` may start with https://, oci:// or docker://. Raises
        InvalidReference.
        """
        return next(self.answering(image), None)

    def answering(
        self, image: "str | Reference", read_ahead: int = READ_AHEAD
    ) -> "Iterator[Registry]":
        """Iterate over the rows that answer for an image, the best one first.

        read_ahead: how many rows the first query reads. Raises InvalidReference.
        """
        reference = image if isinstance(image, Reference) else Reference.from_pasted(image)
        host = reference.match_host
        # Hosts with and without the default port are searched; `answers_for` decides below.
        hosts = {host, host.removesuffix(":443"), host.removesuffix(":80")}
        paths = [
            prefix.removeprefix(host) for prefix in prefixes(reference) if prefix.startswith(host)
        ]
        prefixes_by_host = {name: ["", *(name + path for path in paths)] for name in hosts}
        ordered = self.order_by(*BEST_FIRST)
        querysets = [
            ordered.filter(host=name, prefix__in=names) for name, names in prefixes_by_host.items()
        ]
        querysets += [
            ordered.filter(_columns(lookup), kind=kind.slug, host="", prefix="")
            for kind in KINDS.values()
            for lookup in _lookups(kind, hosts)
        ]
        # Each queryset is read in the order of an index and only as far as needed, without sorting.
        rows = merge(*(_in_batches(rows, read_ahead) for rows in querysets), key=_sort_key)
        # MariaDB also finds prefixes that differ in upper and lower case.
        exact = {prefix for spelled in prefixes_by_host.values() for prefix in spelled}
        return (
            row
            for row in rows
            if row.kind in KINDS and row.prefix in exact and row.answers_for(host)
        )

    def locked(self) -> models.QuerySet["Registry"]:
        """Return the rows with a lock, so that no check can be stored until the transaction ends.

        Otherwise a check could be added to the history of a row that is being deleted.
        """
        rows = self.model._base_manager.using(self.db).select_for_update()
        return rows.filter(pk__in=self.values("pk"))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows. Raises ValidationError and deletes nothing if one is a default row."""
        self._for_write = True
        with transaction.atomic(using=self.db):
            for name, is_default in self.locked().values_list("name", "is_default"):
                if is_default:
                    raise ValidationError(
                        _("“%(name)s” is a default registry: reset it instead."),
                        code="is_default",
                        params={"name": name},
                    )
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]  # as Django marks it
    delete.queryset_only = True  # type: ignore[attr-defined]

    def update(self, **kwargs: Any) -> int:
        """Update columns. Raises FieldError for secrets, and for changes of who receives them.

        Only `save()` can seal secrets and check whether they must be entered again.
        """
        _refuse_protected(name for name, value in kwargs.items() if value != SAFE_UPDATES.get(name))
        refuse_raw(kwargs.values(), SECRETS)
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        """Update rows. Raises FieldError for secrets, and for changes of who receives them."""
        fields = list(fields)
        _refuse_protected(fields)
        return super().bulk_update(objs, fields, batch_size)

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Any,
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Any = None,
        unique_fields: Any = None,
    ) -> "list[Registry]":
        """Add rows. For rows that exist already, this raises FieldError as `update` does."""
        update_fields = None if update_fields is None else list(update_fields)
        _refuse_protected(update_fields or ())
        return super().bulk_create(
            *(objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields)
        )

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def _combinator_query(self, combinator: str, *others: Any, **options: Any) -> Any:
        """Refuse to combine secrets with other columns by union, intersection and difference."""
        _refuse_mixed_secrets(queryset.query for queryset in (self, *others))
        return super()._combinator_query(combinator, *others, **options)  # type: ignore[misc]  # no stub


def is_overdue(now: datetime) -> Q:
    """Rows that should have been checked by now."""
    since = now - GRACE
    # Those that are due since they were changed have a 0.
    timed = Q(next_check__gt=0, next_check__lt=as_seconds(since))
    return timed | Q(next_check=0, updated_at__lt=since)


def _refuse_mixed_secrets(queries: Iterable[Any]) -> None:
    """Raise FieldError if a combined query would return a secret in the place of another column."""
    selected = {query.values_select for query in queries}
    named = {name.rpartition("__")[2] for names in selected for name in names}
    if len(selected) > 1 and (secret := next(iter(named.intersection(SECRETS)), None)):
        raise FieldError(f"{secret} is a secret: it stands below no other column.")


def _refuse_protected(names: Iterable[str]) -> None:
    for name in names:
        if name in SECRETS:
            raise FieldError(f"{name} is a secret: only save() writes it.")
        if name in TRUST:
            raise FieldError(f"{name} says who receives the secrets: only save() writes it.")


def _in_batches(rows: "RegistryQuerySet", count: int) -> "Iterator[Registry]":
    """Read rows in growing batches, because PostgreSQL would compute all rows of a cursor."""
    start = 0
    while part := list(rows[start : start + count]):
        yield from part
        if len(part) < count:
            return
        start, count = start + count, count * 10


def _sort_key(row: "Registry") -> tuple[Any, ...]:
    """Return the sort key of a row, in the same order as BEST_FIRST."""
    return -len(row.prefix), not row.has_secrets, row.is_default, row.created_at, row.pk


def _under(prefix: str) -> Q:
    """The rows that are for nothing but images under a prefix, or answer for the host it names."""
    named = Q(prefix=prefix) | Q(prefix__startswith=f"{prefix}/")
    if "/" in prefix:
        return named
    named |= Q(host=prefix, prefix="")
    for kind in KINDS.values():
        for lookup in _lookups(kind, [prefix]):
            named |= _columns(lookup) & Q(kind=kind.slug, host="", prefix="")
    return named


def _lookups(kind: Kind, hosts: Iterable[str]) -> list[Lookup]:
    """Return the columns that rows of a kind need to answer for any spelling of a host."""
    lookups = (kind.answers(host) for host in hosts)
    return [lookup for lookup in lookups if lookup is not None]


def _columns(lookup: Lookup) -> Q:
    return Q(
        *(
            (f"{name}__isnull", True) if value is None else (name, value)
            for name, value in lookup.items()
        )
    )
