"""`Registry`: a container registry with its variables, secrets and last check."""

import secrets
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, F, Value, When
from django.utils.translation import gettext_lazy as _

from registries.kinds import KINDS, Variable, variables
from registries.models import names, validation
from registries.models.check import Check
from registries.models.ending import END_FIELDS, Ending
from registries.models.fields import SecretField
from registries.models.handover import Handover
from registries.models.last_check import CHECK_FIELDS, HEALTH, LEASE, RECORD, LastCheck
from registries.models.queryset import (
    ANY_SECRET,
    BEST_FIRST,
    DEFAULT_KIND,
    DUE_FIRST,
    LONGEST_UNCHECKED_FIRST,
    NEVER_CHECKED,
    SECRETS,
    TRUST,
    RegistryQuerySet,
)
from registries.models.sealed import Sealed
from registries.models.source import MAX_SOURCE
from registries.models.variables import VARIABLES

__all__ = ["ChangedMeanwhile", "Check", "Handover", "Leaving", "Registry"]

# A secret is sealed together with the address and the trust settings, so these are saved together.
SEALED_TOGETHER = frozenset(TRUST).union(
    name for name, variable in variables().items() if variable.secret or variable.address
)
# `clean` checks these fields completely, so Django's own errors for them are dropped.
CLEANED_FIELDS = frozenset({"name", "prefix"})
DERIVED = ("name_key", "host", "key_id", "updated_at", *CHECK_FIELDS)


class Leaving(models.TextChoices):
    """Which of a row's credentials may be handed over to other programs."""

    NONE = "none", _("nothing")
    SHORT = "short", _("short-lived credentials only")
    ANY = "any", _("any, the stored ones included")


class ChangedMeanwhile(Exception):
    """The row was saved or deleted by somebody else since it was loaded. Nothing was written."""


def new_version() -> int:
    """Return a random version number, so that it is unique even after a backup is restored.

    Earlier versions of the app, which may run beside this one, increment it. There is room for it.
    """
    return secrets.randbelow(2**62) + 1


def kind_choices() -> list[tuple[str, str]]:
    return [(kind.slug, kind.label) for kind in KINDS.values()]


def _generated(expression: Any, column: "models.Field[Any, Any]") -> "models.GeneratedField":
    """Return a column that the database computes and stores."""
    return models.GeneratedField(
        expression=expression, output_field=column, db_persist=True, editable=False
    )


class Registry(Sealed, Ending, LastCheck):
    """A container registry, and the credentials that the site signs in with.

    The code below the class adds a nullable column for each variable of any kind.
    """

    name = models.CharField(_("name"), max_length=names.MAX_NAME)
    name_key = names.KeyField(max_length=names.MAX_KEY, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=kind_choices)
    prefix = models.CharField(
        _("only for images under"), max_length=validation.MAX_PREFIX, blank=True
    )
    # The host in the prefix or the address; empty if the kind's own hosts decide.
    host = models.CharField(max_length=255, blank=True, editable=False)
    ca_certificate = models.TextField(_("CA certificate"), blank=True)
    verify_tls = models.BooleanField(_("verify the certificate"), default=True)
    is_default = models.BooleanField(_("default"), default=False, editable=False)
    # Known to the database too: an earlier version of the app beside this one leaves it out.
    handover = models.CharField(
        _("may be handed over"),
        max_length=10,
        choices=Leaving.choices,
        default=Leaving.NONE,
        db_default=Leaving.NONE.value,
    )
    # Seconds; 0 is never. Without it, the setting CHECK_EVERY applies.
    check_every = models.PositiveIntegerField(
        _("check every"), null=True, blank=True, validators=[validation.valid_period]
    )
    last_handed_over = models.DateTimeField(_("last handed over"), null=True, editable=False)

    # The source of the file that owns the row; empty if none does.
    source = models.CharField(
        _("owned by file"),
        max_length=MAX_SOURCE,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    # What that file said when it was applied last: keyed fingerprints, see `provisioning`.
    applied = models.JSONField(null=True, editable=False)

    # Secrets are sealed for this id, because a new row has no primary key yet.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The ids of the keys that encrypted the secrets, comma-separated.
    key_id = models.CharField(max_length=100, blank=True, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    # Columns to filter and sort by. The database computes them, because it sees every change.
    has_secrets = _generated(ANY_SECRET, models.BooleanField())
    never_checked = _generated(NEVER_CHECKED, models.BooleanField())
    default_kind = _generated(DEFAULT_KIND, models.CharField(max_length=20))

    # A manager has the methods of its queryset, which type checkers cannot know without plugins.
    objects: ClassVar[RegistryQuerySet] = RegistryQuerySet.as_manager()  # type: ignore[assignment]
    # A check depends on these columns, so the last check is cleared when one of them changes.
    watched = ("kind", "prefix", "ca_certificate", "verify_tls", *VARIABLES)

    class Meta:
        ordering = ("name_key",)
        verbose_name = _("registry")
        verbose_name_plural = _("registries")
        permissions = [
            ("query_registry", "Can make the site call a registry"),
            ("hand_over_registry", "Can hand over a registry's credentials"),
            ("release_registry", "Can release a registry from the file that owns it"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["default_kind"], name="registries_one_default_a_kind")
        ]
        indexes = [
            models.Index(fields=["host", *BEST_FIRST], name="registries_host_best"),
            models.Index(fields=["kind", "host", *BEST_FIRST], name="registries_kind_best"),
            # The usual filters and orders of lists.
            models.Index(fields=["kind", "name_key"], name="registries_kind_name"),
            models.Index(fields=["kind", "id"], name="registries_kind_id"),
            models.Index(fields=["check_verdict", "name_key"], name="registries_verdict_name"),
            models.Index(fields=["has_secrets", "name_key"], name="registries_state_name"),
            models.Index(fields=["created_at", "id"], name="registries_created"),
            models.Index(fields=["updated_at", "id"], name="registries_updated"),
            models.Index(fields=LONGEST_UNCHECKED_FIRST, name="registries_checked"),
            models.Index(fields=["source", "name_key"], name="registries_source_name"),
            models.Index(fields=["expires_on", "name_key"], name="registries_ends"),
            # What is due, and how many checks run on a host.
            models.Index(fields=DUE_FIRST, name="registries_due"),
            models.Index(fields=["checking_until", "check_host"], name="registries_checking"),
            # A narrow index, which makes it fast to count all rows.
            models.Index(fields=["is_default"], name="registries_count"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        try:
            super().clean_fields(exclude)
        except ValidationError as error:
            # `clean` has its own errors for the name and the prefix.
            remaining = {
                name: errors
                for name, errors in error.error_dict.items()
                if name not in CLEANED_FIELDS
            }
            if remaining:
                raise ValidationError(remaining) from None

    def clean(self) -> None:
        """Check the rules of the kind. The keys of the ValidationError are the variables' names."""
        super().clean()
        validation.clean(self)

    def validate_unique(self, exclude: Any = None) -> None:
        # `clean` reports this already, at `name`.
        super().validate_unique({*(exclude or ()), "name_key"})

    def derive(self) -> None:
        """Seal the secrets and set the columns that depend on others."""
        self.seal()
        self.name_key = names.key(self.name)
        own_host = self.declaration.own_host(self.plain_values())
        self.host = self.prefix.partition("/")[0] or own_host or ""

    def save(
        self,
        *args: Any,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Save the row.

        Raises ChangedMeanwhile if somebody else saved it since it was loaded, and ValidationError
        if a stored secret would be sent to somebody that it was not entered for.
        """
        if self.kind not in KINDS:
            raise ValidationError({"kind": _("There is no such kind.")})
        if misdirected := self.misdirected_secrets():
            raise ValidationError(
                {name: validation.MISDIRECTED[code] for name, code in misdirected.items()}
            )
        using = using or self.db_for_write
        update_fields = None if update_fields is None else set(update_fields)
        changed = self.changed()
        ending = self.settle_end(changed, update_fields)
        if update_fields is not None:
            update_fields |= ending
            bound = changed.intersection((*TRUST, *self.declaration.address))
            if bound and not update_fields >= (changed & SEALED_TOGETHER):
                raise ValidationError(_("Save the address and the secrets together."))
            changed &= update_fields
        unsealed = {name: self.raw_value(name) for name in SECRETS}
        try:
            if changed.intersection(TRUST):
                # Else whoever turns the verification off again by SQL could read them.
                kept = self.kept_secrets()
                self._reseal()
                changed.update(resealed := self.changed().intersection(kept))
                update_fields = update_fields and update_fields | resealed
            self.derive()
            with transaction.atomic(using=using):
                if self._state.adding:
                    self.version = new_version()
                    self.next_check = self.due_at_once
                    super().save(force_insert=True, using=using)
                else:
                    self._overwrite(changed, ending, using, update_fields)
        except BaseException:
            # The address was not saved, so the next attempt has to seal the secrets again.
            self.__dict__.update(unsealed)
            raise
        self._remember(update_fields)

    def _overwrite(
        self,
        changed: set[str],
        ending: set[str],
        using: str,
        update_fields: Iterable[str] | None,
    ) -> None:
        columns = {field.name for field in self._meta.concrete_fields if not field.primary_key}
        # Set by whoever hands over or checks, not by whoever saves what he loaded before.
        columns -= {"version", "last_handed_over", *self.get_deferred_fields()}
        columns -= {*LEASE, *RECORD, *HEALTH}
        columns -= set(END_FIELDS) - ending
        if update_fields is not None:
            columns &= {*update_fields, *DERIVED}
        if changed:
            self.clear_check()
        else:
            columns -= set(CHECK_FIELDS)
        # An unchanged secret is not written, because it may have been re-encrypted meanwhile.
        columns -= {name for name in SECRETS if self.stored_value(name, self) is not self} - changed
        if not columns.intersection(SECRETS):
            columns.discard("key_id")
        # Updating the version first locks the row, so that only one of two writers succeeds.
        row = type(self)._base_manager.using(using).filter(pk=self.pk)
        version = new_version()
        if not row.filter(version=self.version).update(version=version, **self._due(columns)):
            raise ChangedMeanwhile(f"{self._meta.label} pk={self.pk} was changed meanwhile")
        super().save(force_update=True, using=using, update_fields=columns)
        self.version = version

    def _due(self, columns: Iterable[str]) -> dict[str, Any]:
        """Return when the next check is due after these columns are written, if that changes.

        The database compares, because the row does not remember how often it was checked before.
        """
        if "check_every" not in columns or "next_check" in columns:
            return {}
        is_unchanged = When(check_every=self.check_every, then=F("next_check"))
        due = Value(self.due_at_once, models.BigIntegerField(null=True))
        return {"next_check": Case(is_unchanged, default=due)}

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row. Raises ValidationError for a default row, which can only be reset."""
        if self.is_default:
            raise ValidationError(
                _("“%(name)s” is a default registry: reset it instead."),
                code="is_default",
                params={"name": self.name},
            )
        using = kwargs.get("using") or self.db_for_write
        with transaction.atomic(using=using):
            type(self).objects.using(using).filter(pk=self.pk).locked().first()
            return super().delete(*args, **kwargs)


def _column(variable: Variable) -> "models.Field[Any, Any]":
    """Return the column of a variable. Label, help and length are those of the kind.

    It is a TEXT column because a login may be a whole token: a few VARCHAR columns of that length
    would exceed the size of a row in MariaDB (65,535 bytes, four for a character).
    """
    return (SecretField if variable.secret else models.TextField)(null=True, blank=True)


for _name, _variable in variables().items():
    Registry.add_to_class(_name, _column(_variable))
