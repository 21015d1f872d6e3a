"""Registry.objects: which rows answer for an image, and what a queryset must not do."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError, ValidationError
from django.db import models, transaction
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from registries.kinds import KINDS, variables
from registries.kinds.base import Lookup
from registries.reference import Reference, prefixes

if TYPE_CHECKING:
    from registries.models import Registry

SECRETS = tuple(name for name, variable in variables().items() if variable.secret)

# Credentials are set exactly when a secret is: no kind has credentials without one.
AUTHENTICATED = Q(*((f"{name}__isnull", False) for name in SECRETS), _connector=Q.OR)


class RegistryQuerySet(models.QuerySet["Registry"]):
    """Rows, with the rules of the model kept where a queryset would go around them."""

    def authenticated(self) -> "RegistryQuerySet":
        """Rows that hold credentials."""
        return self.filter(AUTHENTICATED)

    def anonymous(self) -> "RegistryQuerySet":
        """Rows that hold none."""
        return self.exclude(AUTHENTICATED)

    def resolve(self, image: "str | Reference") -> "Registry | None":
        """The row whose credentials an image is read with, or None.

        The longest prefix wins, then authenticated before anonymous, then a row that is not a
        default before one that is, then the oldest. Raises InvalidReference.
        """
        return next(self.answering(image), None)

    def answering(self, image: "str | Reference") -> "Iterator[Registry]":
        """Every row that answers for an image, the best first. Raises InvalidReference."""
        reference = image if isinstance(image, Reference) else Reference.parse(image)
        host = reference.match_host
        # Rows with a port that is the default are found by both spellings, and told apart below.
        hosts = {host, host.removesuffix(":443"), host.removesuffix(":80")}
        named = [
            each + prefix.removeprefix(host) for prefix in prefixes(reference) for each in hosts
        ]
        rows = (
            self.filter(_answers(hosts), kind__in=KINDS)
            .filter(prefix__in=["", *named])
            .annotate(_anonymous=Case(When(AUTHENTICATED, then=Value(0)), default=Value(1)))
            .order_by(Length("prefix").desc(), "_anonymous", "is_default", "created_at", "pk")
        )
        return (row for row in rows.iterator(20) if row.answers_for(host))

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
        """Update columns. Raises FieldError for a secret: only `save()` seals one."""
        _no_secrets(name for name in kwargs if kwargs[name] is not None)
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        """Update rows. Raises FieldError for a secret: only `save()` seals one."""
        fields = list(fields)
        _no_secrets(fields)
        return super().bulk_update(objs, fields, batch_size)

    bulk_update.alters_data = True  # type: ignore[attr-defined]


def _no_secrets(names: Any) -> None:
    for name in names:
        if name in SECRETS:
            raise FieldError(f"{name} is a secret: only save() writes it.")


def _answers(hosts: Iterable[str]) -> Q:
    """The rows that can answer for a host, however it is spelled."""
    found = Q(host__in=hosts)
    for kind in KINDS.values():
        for host in hosts:
            if (lookup := kind.answers(host)) is not None:
                found |= Q(kind=kind.slug, host="") & _columns(lookup)
    return found


def _columns(lookup: Lookup) -> Q:
    return Q(
        *(
            (f"{name}__isnull", True) if value is None else (name, value)
            for name, value in lookup.items()
        )
    )
