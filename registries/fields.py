"""SecretField: a column whose value is encrypted, bound to its row, and never shown.

It encrypts and decrypts with django-encrypted-model-fields and replaces what that library does
around it: nothing is decrypted when a row is loaded, form input is never decrypted, a value that
cannot be decrypted is an error instead of ciphertext taken for the secret, and an unchanged
secret is written back byte for byte.
"""

import base64
import binascii
import struct
from datetime import datetime
from hmac import compare_digest
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from encrypted_model_fields import fields as library
from encrypted_model_fields.fields import EncryptedTextField

VERSION = "v1"


class SecretUnreadable(Exception):
    """A stored secret that today's keys do not open, or that was sealed for another place.

    The message names model, variable and row, never the data.
    """


class Secret:
    """A secret: sealed as it stands in the database, or fresh as it was just given.

    Immutable. `str()` and `repr()` never show it, JSON refuses it, pickling keeps only a sealed
    one. `reveal()` is the one way to the text.
    """

    __slots__ = ("_binding", "_fresh", "_place", "token")

    def __init__(
        self,
        token: str | None = None,
        *,
        fresh: str | None = None,
        binding: str = "",
        place: str = "a secret without its row",
    ) -> None:
        self.token = token
        self._fresh = fresh
        self._binding = binding
        self._place = place

    @property
    def is_sealed(self) -> bool:
        return self.token is not None

    def bound(self, binding: str, place: str) -> "Secret":
        """The same sealed secret, able to be revealed in its row."""
        return self if self.token is None else Secret(self.token, binding=binding, place=place)

    @sensitive_variables()
    def seal(self, binding: str) -> "Secret":
        """The sealed form for the row that `binding` names; a sealed secret stays as it is."""
        if self._fresh is None:
            return self
        text = f"{VERSION}\n{binding}\n{self._fresh}"
        return Secret(library.encrypt_str(text).decode("ascii"))

    def reveal(self) -> str:
        """The secret in clear. Raises SecretUnreadable."""
        if self._fresh is not None:
            return self._fresh
        opened, why = self._open()
        if opened is None:
            raise SecretUnreadable(f"{self._place} {why}")
        return opened

    def readable(self) -> bool:
        """Whether `reveal()` would succeed."""
        try:
            self.reveal()
        except SecretUnreadable:
            return False
        return True

    @property
    def set_at(self) -> datetime | None:
        """When the secret was given: a Fernet token shows it in clear (bytes 1 to 8)."""
        try:
            head = base64.urlsafe_b64decode((self.token or "")[:12])
            (seconds,) = struct.unpack(">Q", head[1:9])
            return datetime.fromtimestamp(seconds, timezone.get_default_timezone())
        except (binascii.Error, struct.error, ValueError, OverflowError, OSError):
            return None

    def _open(self) -> tuple[str | None, str]:
        """The secret, or None and why; what was opened stays out of every frame that raises."""
        try:
            opened = str(library.decrypt_str(self.token))
        except (InvalidToken, UnicodeError):
            return None, "cannot be decrypted with today's keys"
        head = f"{VERSION}\n{self._binding}\n"
        if not self._binding or not compare_digest(opened[: len(head)].encode(), head.encode()):
            return None, "was sealed for another row or address"
        return opened[len(head) :], ""

    def __str__(self) -> str:
        return "********"

    def __repr__(self) -> str:
        return "<Secret>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self is other or (self.token is not None and self.token == other.token)

    def __hash__(self) -> int:
        return hash(self.token)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        if self.token is None:
            raise TypeError("A secret that is not saved yet cannot be pickled.")
        return Secret, (self.token,)


class SecretAttribute(DeferredAttribute):
    """Hands out secrets bound to their row, and wraps what is assigned."""

    field: "SecretField"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Secret):
            return value
        return value.bound(self.field.binding(instance), self.field.place(instance))

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.to_python(value)


class SecretField(EncryptedTextField):  # type: ignore[misc]  # the library has no types
    """A TEXT column holding `VERSION \\n binding \\n secret`, encrypted.

    The model's `secret_binding()` returns the text that ties its secrets to the row and to the
    address they go to. Only `save()`, `bulk_create()` and fixtures write; only `isnull` looks up.
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

    def seal(self, instance: models.Model) -> Secret | None:
        """Seal the row's secret for the row as it stands, and leave it sealed on the instance."""
        value: Secret | None = instance.__dict__.get(self.attname)
        if value is not None:
            value = value.seal(self.binding(instance))
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

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> None:
        return None

    def value_to_string(self, obj: models.Model) -> Any:
        """What dumpdata writes: the ciphertext, in a shape that no form can send."""
        value = self.seal(obj)
        return None if value is None else {"sealed": value.token}
