"""SecretField: a column whose value is encrypted, bound to its row, and never shown.

It encrypts and decrypts with django-encrypted-model-fields and replaces what that library does
around it: nothing is decrypted when a row is loaded, form input is never decrypted, a value that
cannot be decrypted is an error instead of ciphertext taken for the secret, and an unchanged
secret is written back byte for byte.
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
    """Hands out secrets bound to their row, and wraps what is assigned."""

    field: "SecretField"

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Secret):
            return value
        return value.bound(
            self.field.binding(instance), instance.secret_trust(), self.field.place(instance)
        )

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class SecretField(EncryptedTextField):  # type: ignore[misc]  # the library has no types
    """A TEXT column holding `VERSION \\n binding \\n trust \\n secret`, encrypted.

    The model's `secret_binding()` returns the text that ties its secrets to the row and to the
    address they go to, its `secret_trust()` who may receive them there (see `trusts_no_more`).
    Only `save()`, `bulk_create()` and fixtures write; only `isnull` looks up.
    """

    description = _("Secret text")
    descriptor_class = SecretAttribute

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "default" in kwargs or "db_default" in kwargs:
            raise FieldError("A secret has no default: every row would hold the same one.")
        super().__init__(*args, **kwargs)

    def place(self, instance: models.Model) -> str:
        return f"{instance._meta.label}.{self.name} pk={instance.pk}"

    def binding(self, instance: Any) -> str:
        return f"{instance._meta.label}.{self.name}|{instance.secret_binding()}"

    def to_python(self, value: Any) -> Secret | None:
        """Wrap what was assigned; nothing is ever decrypted here.

        Text is a new secret, whatever it looks like. A fixture's `{"sealed": token}` is a sealed
        one; no form can send that shape.
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
            raise ValidationError({self.name: _("This holds a character that is no text.")})
        return Secret(fresh=value) if value else None

    def from_db_value(self, value: str | None, *args: Any) -> Secret | None:
        return None if value is None else Secret(value)

    def clean(self, value: Any, model_instance: models.Model | None) -> Secret | None:
        """Return the secret as it is: what it may hold is the kind's to say."""
        return self.to_python(value)

    def seal(self, instance: Any) -> Secret | None:
        """Seal the row's secret for the row as it stands, and leave it sealed on the instance."""
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
        """The hook of Django 5.2 and 6.0 through which every written value goes."""
        if hasattr(value, "resolve_expression") or hasattr(value, "as_sql"):
            raise FieldError(f"{self.name} is a secret: only save() writes it.")
        return "%s"

    def get_placeholder_sql(
        self, value: Any, compiler: Any, connection: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """The same hook since Django 6.1."""
        return self.get_placeholder(value, compiler, connection), (value,)

    def get_col(self, alias: str, output_field: Any = None) -> SecretColumn:
        # Always another one: it is told by itself where in a query it stands.
        return SecretColumn(alias, self, output_field)

    def get_lookup(self, lookup_name: str) -> Any:
        return IsSet if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> None:
        return None

    def value_to_string(self, obj: models.Model) -> Any:
        """What dumpdata writes: the ciphertext, in a shape that no form can send."""
        value = self.seal(obj)
        return None if value is None else {"sealed": value.token}
