"""`SecretField`: a column whose value is encrypted and bound to its row, and never shown.

It encrypts with django-encrypted-model-fields, but differs from that library's own fields: loading
a row decrypts nothing, form input is never decrypted, a value that cannot be decrypted raises an
error instead of being used as it is, and an unchanged secret keeps its ciphertext.
"""

from typing import Any

from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _
from encrypted_model_fields.fields import EncryptedTextField

from registries.models.secret_column import IsSet, SecretColumn
from registries.secrets.sealing import Secret


class SecretAttribute(DeferredAttribute):
    """Returns secrets bound to their row, and wraps assigned values."""

    field: "SecretField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Secret):
            return value
        return value.bound(
            self.field.binding(instance), instance.secret_trust(), self.field.label(instance)
        )

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class SecretField(EncryptedTextField):  # type: ignore[misc]  # the library has no types
    """A TEXT column with the encrypted text `VERSION \\n binding \\n trust \\n secret`.

    The model's `secret_binding()` returns a text that identifies the row and the address that its
    secrets are sent to. Its `secret_trust()` returns who may receive them there; see
    `trusts_no_more`. Only `save()`, `bulk_create()` and fixtures can write the column, and
    `isnull` is its only lookup.
    """

    description = _("Secret text")
    descriptor_class = SecretAttribute

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "default" in kwargs or "db_default" in kwargs:
            raise FieldError("A secret has no default: every row would hold the same one.")
        super().__init__(*args, **kwargs)

    def label(self, instance: models.Model) -> str:
        return f"{instance._meta.label}.{self.name} pk={instance.pk}"

    def binding(self, instance: Any) -> str:
        return f"{instance._meta.label}.{self.name}|{instance.secret_binding()}"

    def to_python(self, value: Any) -> Secret | None:
        """Wrap an assigned value in a Secret. Nothing is decrypted.

        Text is always a new secret, even if it looks like ciphertext. Fixtures contain
        `{"sealed": token}` for a sealed one, which no form can send.
        """
        if value is None or isinstance(value, Secret):
            return value
        if hasattr(value, "resolve_expression"):
            raise FieldError(f"{self.name} takes text, no database expression.")
        if isinstance(value, dict) and list(value) == ["sealed"]:
            return Secret(str(value["sealed"]))
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes text or None, not {type(value).__name__}.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ValidationError(
                {self.name: _("This contains an invalid character. Enter it again.")}
            )
        return Secret(fresh=value) if value else None

    def from_db_value(self, value: str | None, *args: Any) -> Secret | None:
        return None if value is None else Secret(value)

    def clean(self, value: Any, model_instance: models.Model | None) -> Secret | None:
        """Return the secret unchanged: the kind checks its value."""
        return self.to_python(value)

    def seal(self, instance: Any) -> Secret | None:
        """Seal the secret for the current state of the row, and replace it on the instance."""
        value: Secret | None = instance.__dict__.get(self.attname)
        if value is not None:
            value = value.seal(self.binding(instance), instance.secret_trust())
            instance.__dict__[self.attname] = value
        return value

    def pre_save(self, model_instance: models.Model, add: bool) -> Secret | None:
        return self.seal(model_instance)

    def get_prep_value(self, value: Any) -> Any:
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, Secret) and value.token is not None:
            return value.token
        raise FieldError(f"{self.name} is a secret: only save() writes it.")

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        """Refuse expressions. Django 5.2 and 6.0 call this for every value that is written."""
        if hasattr(value, "resolve_expression") or hasattr(value, "as_sql"):
            raise FieldError(f"{self.name} is a secret: only save() writes it.")
        return "%s"

    def get_placeholder_sql(
        self, value: Any, compiler: Any, connection: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Refuse expressions: the hook of Django 6.1 and later."""
        return self.get_placeholder(value, compiler, connection), (value,)

    def get_col(self, alias: str, output_field: Any = None) -> SecretColumn:
        # Not cached: each column finds its place in the query by its own identity.
        return SecretColumn(alias, self, output_field)

    def get_lookup(self, lookup_name: str) -> Any:
        return IsSet if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> None:
        return None

    def value_to_string(self, obj: models.Model) -> Any:
        """Return what dumpdata writes: the ciphertext, in a form that no HTML form can send."""
        value = self.seal(obj)
        return None if value is None else {"sealed": value.token}
