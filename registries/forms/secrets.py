"""The form field of a secret, which can be kept, replaced or cleared, and is never shown."""

from enum import Enum
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registries.kinds import Variable
from registries.secrets.sealing import Secret

CLEAR_SUFFIX = "_clear"
ACTION_SUFFIX = "_do"

# Keeps browsers and password managers from filling in the field, or storing its value.
QUIET = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class Choice(Enum):
    """What to do with a stored secret if there is no new value."""

    KEEP = "keep"
    CLEAR = "clear"


class SecretData(NamedTuple):
    """What was posted for a secret: a new value, and whether to clear or to replace it."""

    text: str
    clear: bool
    replace: bool


class SecretInput(forms.Widget):
    """An empty input. If there is a stored secret, it also has keep, replace and clear.

    can_clear: whether the row works without this secret. action: the chosen one of the three.
    is_readable: whether the stored secret can be decrypted.
    is_retyped: whether a value was typed that is not sent back, so it has to be typed again.
    """

    template_name = "registries/secret_input.html"
    label: Any = ""
    can_clear = True
    is_readable = True
    action = "keep"
    is_retyped = False

    def __init__(self, variable: Variable) -> None:
        self.variable = variable
        attrs = {"placeholder": variable.placeholder} if variable.placeholder else {}
        super().__init__({**QUIET, "autocomplete": "new-password", **attrs})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        is_set = isinstance(value, Secret)
        context = super().get_context(name, None, attrs)
        context["widget"] |= {
            "multiline": self.variable.multiline,
            "is_set": is_set,
            "set_at": value.set_at if is_set else None,
            "action_name": name + ACTION_SUFFIX,
            "action": self.action,
            "label": self.label,
            "can_clear": self.can_clear,
            "is_readable": self.is_readable,
            "is_retyped": self.is_retyped,
        }
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> SecretData:
        action = data.get(name + ACTION_SUFFIX, "replace")
        text = data.get(name) or ""
        return SecretData(
            # With "keep" and "clear" the input is hidden, so its text is ignored.
            text if action == "replace" and self.variable.trimmed(text) else "",
            action == "clear" or name + CLEAR_SUFFIX in data,
            data.get(name + ACTION_SUFFIX) == "replace",
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not {name, name + CLEAR_SUFFIX, name + ACTION_SUFFIX}.intersection(data)


class SecretFormField(forms.Field):
    """A secret. If it is left blank, the stored one is kept; only an explicit choice clears it."""

    widget: SecretInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.label = self.label

    def clean(self, value: SecretData) -> str | Choice:
        if value.text and value.clear:
            message = _("Enter a new value or clear the old one, not both.")
            raise ValidationError(message, code="both")
        if value.replace and not value.text:
            raise ValidationError(_("Enter a new value, or keep the old one."), code="empty")
        return value.text or (Choice.CLEAR if value.clear else Choice.KEEP)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data.text) or (data.clear and initial is not None)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial  # a typed value is never sent back
