"""Registry: one container registry, its variables, its sealed secrets, its last check."""

import secrets
import uuid
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from registries.kinds import KINDS, Kind, Variable, variables
from registries.models import certificates, names, validation
from registries.models.check import Check
from registries.models.fields import SecretField
from registries.models.last_check import CHECK_FIELDS, LastCheck
from registries.models.queryset import (
    ANY_SECRET,
    BEST_FIRST,
    DEFAULT_KIND,
    LONGEST_UNCHECKED_FIRST,
    NEVER_CHECKED,
    SECRETS,
    TRUST,
    RegistryQuerySet,
)
from registries.models.tracking import Tracked
from registries.secrets.keys import key_ids
from registries.secrets.sealing import ANYBODY, VERIFIED, trusts_no_more

__all__ = ["ChangedMeanwhile", "Check", "Registry"]

VARIABLES = tuple(variables())
# What is sealed together: the secrets, for whom they are sent to.
BOUND = frozenset(TRUST).union(
    name for name, variable in variables().items() if variable.secret or variable.address
)
# What `clean` says everything of, length included.
OWN_WORDS = frozenset({"name", "prefix"})
DERIVED = ("name_key", "host", "key_id", "updated_at", *CHECK_FIELDS)


class ChangedMeanwhile(Exception):
    """Somebody else saved or deleted the row since it was loaded; nothing was written."""


def new_version() -> int:
    """A number that no version of a row has had, nor will have once a backup was restored.

    It leaves room above: an earlier version of the app, side by side with this one, counts on.
    """
    return secrets.randbelow(2**62) + 1


def kind_choices() -> list[tuple[str, str]]:
    return [(kind.slug, kind.label) for kind in KINDS.values()]


def _generated(expression: Any, column: "models.Field[Any, Any]") -> "models.GeneratedField":
    """A column that the database makes and stores."""
    return models.GeneratedField(
        expression=expression, output_field=column, db_persist=True, editable=False
    )


class Registry(Tracked, LastCheck):
    """A container registry that the site reads from, with the credentials it signs in with.

    Below this class one nullable column is added for each variable that any kind declares.
    """

    name = models.CharField(_("name"), max_length=names.MAX_NAME)
    name_key = names.KeyField(max_length=names.MAX_KEY, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=kind_choices)
    prefix = models.CharField(
        _("only for images under"), max_length=validation.MAX_PREFIX, blank=True
    )
    # The one host that prefix or address name; empty where the kind's own hosts decide.
    host = models.CharField(max_length=255, blank=True, editable=False)
    ca_certificate = models.TextField(_("CA certificate"), blank=True)
    verify_tls = models.BooleanField(_("verify the certificate"), default=True)
    is_default = models.BooleanField(_("default"), default=False, editable=False)

    # Ties the secrets to the row before it has a primary key.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The ids of the keys that encrypted the secrets, comma-separated.
    key_id = models.CharField(max_length=100, blank=True, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    # Made by the database, which alone sees every change: what lists filter and sort by.
    has_secrets = _generated(ANY_SECRET, models.BooleanField())
    never_checked = _generated(NEVER_CHECKED, models.BooleanField())
    default_kind = _generated(DEFAULT_KIND, models.CharField(max_length=20))

    objects = RegistryQuerySet.as_manager()
    # What a check depends on: when one of these changes, the last check says nothing any more.
    watched = ("kind", "prefix", "ca_certificate", "verify_tls", *VARIABLES)

    class Meta:
        ordering = ("name_key",)
        verbose_name = _("registry")
        verbose_name_plural = _("registries")
        permissions = [("query_registry", "Can make the site call a registry")]
        constraints = [
            models.UniqueConstraint(fields=["default_kind"], name="registries_one_default_a_kind")
        ]
        indexes = [
            models.Index(fields=["host", *BEST_FIRST], name="registries_host_best"),
            models.Index(fields=["kind", "host", *BEST_FIRST], name="registries_kind_best"),
            # What lists are filtered and ordered by most.
            models.Index(fields=["kind", "name_key"], name="registries_kind_name"),
            models.Index(fields=["kind", "id"], name="registries_kind_id"),
            models.Index(fields=["check_verdict", "name_key"], name="registries_verdict_name"),
            models.Index(fields=["has_secrets", "name_key"], name="registries_state_name"),
            models.Index(fields=["created_at", "id"], name="registries_created"),
            models.Index(fields=["updated_at", "id"], name="registries_updated"),
            models.Index(fields=LONGEST_UNCHECKED_FIRST, name="registries_checked"),
            # Narrow: what counts all rows reads nothing wider.
            models.Index(fields=["is_default"], name="registries_count"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def declaration(self) -> Kind:
        """The declaration of the row's kind. Raises KeyError for an unknown one."""
        return KINDS[self.kind]

    # Variables

    def given(self) -> set[str]:
        """The names of the variables that are set, of whatever kind."""
        return {name for name in VARIABLES if self.held(name)}

    def plain_values(self) -> dict[str, str]:
        """The set variables that are no secrets."""
        return {name: self.held(name) for name in self.given() if name not in SECRETS}

    def values(self) -> dict[str, str]:
        """The set variables in clear. Raises SecretUnreadable."""
        secrets = self.given().intersection(SECRETS)
        return {**self.plain_values(), **{name: getattr(self, name).reveal() for name in secrets}}

    # No template calls it, nor does Jinja's sandbox: see `Secret.reveal`.
    values.alters_data = True  # type: ignore[attr-defined]

    @property
    def state(self) -> Literal["anonymous", "authenticated"]:
        """`authenticated` when the row holds credentials, whether they work or not."""
        return self.declaration.state(self.given())

    @property
    def secrets_readable(self) -> bool:
        """Whether today's keys include those that sealed the secrets; nothing is decrypted."""
        return set(_split(self.key_id)) <= set(key_ids())

    def secret_binding(self) -> str:
        """What ties the secrets to this row and to the address they are sent to."""
        address = self.declaration.address if self.kind in KINDS else ()
        return "|".join((self.uid.hex, self.kind, *(self.held(name) or "" for name in address)))

    def secret_trust(self) -> str:
        """Who may receive the secrets at that address; it is sealed with them."""
        return _trust(self.verify_tls, self.ca_certificate)

    # Hosts

    def may_answer_for(self, host: str) -> bool:
        """Whether an image on this lower-cased host can be the row's, prefix left aside."""
        host = self.plain_host(host)
        address = {name: value for name in self.declaration.address if (value := self.held(name))}
        if own := self.declaration.own_host(address):
            return host == own
        lookup = self.declaration.answers(host)
        return lookup is not None and all(
            self.held(name) == value
            for name, value in lookup.items()
            if name != "is_default" or not self.prefix
        )

    def answers_for(self, host: str) -> bool:
        """Whether the row answers for images on this lower-cased host."""
        prefix_host = self.prefix.partition("/")[0]
        return self.may_answer_for(host) and (
            not prefix_host or self.plain_host(prefix_host) == self.plain_host(host)
        )

    def plain_host(self, host: str) -> str:
        """A host without the port that the row's scheme understands."""
        plain_http = (self.held("url") or "").startswith("http:")
        return host.removesuffix(":80" if plain_http else ":443")

    # Writing

    def misdirected_secrets(self) -> dict[str, str]:
        """The stored secrets that would reach somebody they were not given for.

        Each with the code of the change that would lead it there, of `validation.MISDIRECTED`.
        """
        if (code := self._misdirection()) is None:
            return {}
        stored = (name for name in SECRETS if (held := self.held(name)) and held.is_sealed)
        return dict.fromkeys(stored, code)

    def _misdirection(self) -> str | None:
        """The change, if any, that would lead stored secrets to somebody else.

        Verifying again, or with the site's authorities alone, lets nobody new receive them.
        """
        changed = self.changed()
        if changed.intersection(("kind", *self.declaration.address)):
            return "address_changed"
        if not changed.intersection(TRUST):
            return None
        before = _trust(*(self.stored(name, getattr(self, name)) for name in TRUST))
        if trusts_no_more(self.secret_trust(), before):
            return None
        return "ca_changed" if self.verify_tls else "unverified"

    def clean_fields(self, exclude: Any = None) -> None:
        try:
            super().clean_fields(exclude)
        except ValidationError as error:
            # What `clean` says of a name or prefix is not said in Django's words as well.
            found = {
                name: errors for name, errors in error.error_dict.items() if name not in OWN_WORDS
            }
            if found:
                raise ValidationError(found) from None

    def clean(self) -> None:
        """Enforce the kind's rules; the ValidationError's keys are the variables' names."""
        super().clean()
        validation.clean(self)

    def validate_unique(self, exclude: Any = None) -> None:
        # `clean` has said it already, at the name that people know.
        super().validate_unique({*(exclude or ()), "name_key"})

    def derive(self) -> None:
        """Seal the secrets and set the columns that follow from others."""
        for name in VARIABLES:
            if self.held(name) == "":
                setattr(self, name, None)
        held = {name: self.held(name) for name in SECRETS}
        kept = [name for name, secret in held.items() if secret and secret.is_sealed]
        for field in self._meta.concrete_fields:
            if isinstance(field, SecretField):
                field.seal(self)
        ids = set(_split(self.key_id)) if kept else set()
        if len(kept) < sum(map(bool, held.values())):
            ids.add(key_ids()[0])
        self.key_id = ",".join(sorted(ids))
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
        """Write the row.

        Raises ChangedMeanwhile when somebody else saved it since it was loaded, ValidationError
        when a stored secret would reach somebody that it was not given for.
        """
        if self.kind not in KINDS:
            raise ValidationError({"kind": _("There is no such kind.")})
        if misdirected := self.misdirected_secrets():
            raise ValidationError(
                {name: validation.MISDIRECTED[code] for name, code in misdirected.items()}
            )
        using = using or self.written_to
        update_fields = None if update_fields is None else set(update_fields)
        changed = self.changed()
        if update_fields is not None:
            bound = changed.intersection((*TRUST, *self.declaration.address))
            if bound and not update_fields >= (changed & BOUND):
                raise ValidationError(_("Save the address and the secrets together."))
            changed &= update_fields
        fresh = {name: self.held(name) for name in SECRETS}
        try:
            self.derive()
            with transaction.atomic(using=using):
                if self._state.adding:
                    self.version = new_version()
                    super().save(force_insert=True, using=using)
                else:
                    self._overwrite(changed, using, update_fields)
        except BaseException:
            # Sealed for an address that was not written: the next try seals them anew.
            self.__dict__.update(fresh)
            raise
        self._remember(update_fields)

    def _overwrite(
        self, changed: set[str], using: str, update_fields: Iterable[str] | None
    ) -> None:
        columns = {field.name for field in self._meta.concrete_fields if not field.primary_key}
        columns -= {"version", *self.get_deferred_fields()}
        if update_fields is not None:
            columns &= {*update_fields, *DERIVED}
        if changed:
            self.clear_check()
        else:
            columns -= set(CHECK_FIELDS)
        # An unchanged secret is not written: it may have been encrypted anew since it was loaded.
        columns -= {name for name in SECRETS if self.stored(name, self) is not self} - changed
        if not columns.intersection(SECRETS):
            columns.discard("key_id")
        # Claiming the version first takes the row's lock: of two writers only one can win.
        row = type(self)._base_manager.using(using).filter(pk=self.pk)
        version = new_version()
        if not row.filter(version=self.version).update(version=version):
            raise ChangedMeanwhile(f"{self._meta.label} pk={self.pk} was changed meanwhile")
        super().save(force_update=True, using=using, update_fields=columns)
        self.version = version

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row. Raises ValidationError for a default row: those are reset."""
        if self.is_default:
            raise ValidationError(
                _("“%(name)s” is a default registry: reset it instead."),
                code="is_default",
                params={"name": self.name},
            )
        using = kwargs.get("using") or self.written_to
        with transaction.atomic(using=using):
            type(self).objects.using(using).filter(pk=self.pk).locked().first()
            return super().delete(*args, **kwargs)


def _trust(verify_tls: bool, ca_certificate: str) -> str:
    if not verify_tls:
        return ANYBODY
    # The same certificates may have been written otherwise.
    trusted = certificates.essence(ca_certificate or "")
    return f"ca:{sha256(trusted.encode()).hexdigest()}" if trusted else VERIFIED


def _split(key_id: str) -> list[str]:
    return key_id.split(",") if key_id else []


def _column(variable: Variable) -> "models.Field[Any, Any]":
    """The column of a variable; label, help and length are the kind's, so they stay out of it.

    A login may be a whole token: as VARCHAR columns a few such would fill what a row of MariaDB
    may take (65,535 bytes, four a character).
    """
    return (SecretField if variable.secret else models.TextField)(null=True, blank=True)


for _name, _variable in variables().items():
    Registry.add_to_class(_name, _column(_variable))
