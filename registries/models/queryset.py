"""Registry.objects: which rows answer for an image, and what a queryset must not do."""

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError, ValidationError
from django.db import models, transaction
from django.db.models import Case, ExpressionWrapper, F, Q, When
from django.utils.translation import gettext_lazy as _

from registries.kinds import KINDS, Kind, variables
from registries.kinds.base import Lookup
from registries.models.secret_column import refuse_raw
from registries.reference import Reference, prefixes

if TYPE_CHECKING:
    from registries.models.registry import Registry

SECRETS = tuple(name for name, variable in variables().items() if variable.secret)

# Who is trusted to be the registry that an address names.
TRUST = ("verify_tls", "ca_certificate")
# What of them, and of the secrets, may be written without asking for the secrets again.
HARMLESS = {"verify_tls": True, "ca_certificate": ""}

# Credentials are set exactly when a secret is: no kind has credentials without one.
ANY_SECRET = ExpressionWrapper(
    Q(*((f"{name}__isnull", False) for name in SECRETS), _connector=Q.OR), models.BooleanField()
)
# MariaDB has no index of an expression, and none that is unique among some rows alone. So these are
# columns: whether a row has yet to be checked; and the kind of a default row, NULL in other rows,
# of which there may be many.
NEVER_CHECKED = ExpressionWrapper(Q(checked_at=None), models.BooleanField())
DEFAULT_KIND = Case(When(is_default=True, then=F("kind")))
# What says of a row which images it answers for, and how it stands among others.
ANSWERING = (
    *("name", "kind", "prefix", "host", "has_secrets", "is_default", "created_at"),
    *(name for name, variable in variables().items() if variable.address),
)
# Of the rows that answer for one spelling of an image's host. Their prefixes begin alike, so the
# longest comes last in the alphabet. The indexes of the model are in this order.
BEST_FIRST = ("-prefix", "-has_secrets", "is_default", "created_at", "id")
# Of all rows those that were never checked, then those whose check is the oldest. NULL alone would
# stand at one end on SQLite and at the other on PostgreSQL.
LONGEST_UNCHECKED_FIRST = ("-never_checked", "checked_at", "id")
# Rows that are read at first: mostly the first is wanted.
READ_AHEAD = 4


class RegistryQuerySet(models.QuerySet["Registry"]):
    """Rows, with the rules of the model kept where a queryset would go around them."""

    # Flags are compared by IN: Django compares by naming the column alone, for which SQLite uses
    # no index.

    def authenticated(self) -> "RegistryQuerySet":
        """Rows that hold credentials."""
        return self.filter(has_secrets__in=[True])

    def anonymous(self) -> "RegistryQuerySet":
        """Rows that hold none."""
        return self.filter(has_secrets__in=[False])

    def resolve(self, image: "str | Reference") -> "Registry | None":
        """The row whose credentials an image is read with, or None.

        The longest prefix wins, then authenticated before anonymous, then a row that is not a
        default before one that is, then the oldest. An `image` may be as it was pasted, with
        https://, oci:// or docker:// in front. Raises InvalidReference.
        """
        return next(self.answering(image), None)

    def answering(
        self, image: "str | Reference", read_ahead: int = READ_AHEAD
    ) -> "Iterator[Registry]":
        """Every row that answers for an image, the best first; `read_ahead` are read at first.

        Raises InvalidReference.
        """
        reference = image if isinstance(image, Reference) else Reference.from_pasted(image)
        host = reference.match_host
        # Rows with a port that is the default are found by both spellings, and told apart below.
        hosts = {host, host.removesuffix(":443"), host.removesuffix(":80")}
        paths = [each.removeprefix(host) for each in prefixes(reference) if each.startswith(host)]
        under = {each: ["", *(each + path for path in paths)] for each in hosts}
        ordered = self.order_by(*BEST_FIRST)
        found = [ordered.filter(host=each, prefix__in=under[each]) for each in hosts]
        found += [
            ordered.filter(_columns(lookup), kind=kind.slug, host="", prefix="")
            for kind in KINDS.values()
            for lookup in _lookups(kind, hosts)
        ]
        # Each is read in an index's order, no further than somebody asks: nothing is sorted.
        rows = merge(*(_read(rows, read_ahead) for rows in found), key=_place)
        # MariaDB finds prefixes in other letters as well.
        exact = {prefix for spelled in under.values() for prefix in spelled}
        return (
            row
            for row in rows
            if row.kind in KINDS and row.prefix in exact and row.answers_for(host)
        )

    def locked(self) -> models.QuerySet["Registry"]:
        """The rows, and no check of them can be stored until the transaction ends.

        A check would add to the history of a row that is being deleted, which then must stay.
        """
        rows = self.model._base_manager.using(self.db).select_for_update()
        return rows.filter(pk__in=self.values("pk"))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows. Raises ValidationError, deleting nothing, when one is a default."""
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
        """Update columns. Raises FieldError for a secret, and for what lets others receive one.

        Only `save()` seals secrets, and asks for them again. Verifying again is for everybody.
        """
        _only_saved(name for name, value in kwargs.items() if value != HARMLESS.get(name))
        refuse_raw(kwargs.values(), SECRETS)
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        """Update rows. Raises FieldError for a secret, and for what lets others receive one."""
        fields = list(fields)
        _only_saved(fields)
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
        """Add rows. Raises FieldError where `update` would, for rows that are there already."""
        update_fields = None if update_fields is None else list(update_fields)
        _only_saved(update_fields or ())
        return super().bulk_create(
            *(objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields)
        )

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def _combinator_query(self, combinator: str, *others: Any, **options: Any) -> Any:
        """What union, intersection and difference make of this queryset and others."""
        _refuse_mixture(each.query for each in (self, *others))
        return super()._combinator_query(combinator, *others, **options)  # type: ignore[misc]  # no stub


def _refuse_mixture(queries: Iterable[Any]) -> None:
    """Raise FieldError where a secret would be read as the column that it stands below."""
    selected = {query.values_select for query in queries}
    named = {name.rpartition("__")[2] for names in selected for name in names}
    if len(selected) > 1 and (secret := next(iter(named.intersection(SECRETS)), None)):
        raise FieldError(f"{secret} is a secret: it stands below no other column.")


def _only_saved(names: Iterable[str]) -> None:
    for name in names:
        if name in SECRETS:
            raise FieldError(f"{name} is a secret: only save() writes it.")
        if name in TRUST:
            raise FieldError(f"{name} says who receives the secrets: only save() writes it.")


def _read(rows: "RegistryQuerySet", count: int) -> "Iterator[Registry]":
    """The rows, read in parts that grow: PostgreSQL would find all of an open cursor's rows."""
    start = 0
    while part := list(rows[start : start + count]):
        yield from part
        if len(part) < count:
            return
        start, count = start + count, count * 10


def _place(row: "Registry") -> tuple[Any, ...]:
    """Where a row stands among those that answer, as BEST_FIRST says to the database."""
    return -len(row.prefix), not row.has_secrets, row.is_default, row.created_at, row.pk


def _lookups(kind: Kind, hosts: Iterable[str]) -> list[Lookup]:
    """What the columns of a kind's rows hold that answer for a host, however it is spelled."""
    lookups = (kind.answers(host) for host in hosts)
    return [lookup for lookup in lookups if lookup is not None]


def _columns(lookup: Lookup) -> Q:
    return Q(
        *(
            (f"{name}__isnull", True) if value is None else (name, value)
            for name, value in lookup.items()
        )
    )
