"""The form field of a variable, and the checkbox that the forms share."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registries.forms.secrets import QUIET, SecretFormField, SecretInput
from registries.kinds import Variable

SHOWN_SUFFIX = "_shown"
MONO = {**QUIET, "class": "vTextField reg-mono"}


class SwitchInput(forms.CheckboxInput):
    """A checkbox that is only off if the form contained it. If it is missing, it counts as on."""

    template_name = "registries/switch_input.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> bool:
        if name not in data and name + SHOWN_SUFFIX not in data:
            return True
        return bool(super().value_from_datadict(data, files, name))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class DayField(forms.DateField):
    """A day, which browsers offer a calendar for."""

    def __init__(self, **kwargs: Any) -> None:
        # What these inputs send and are sent, whatever the language.
        widget = forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "class": "vTextField reg-day"}
        )
        super().__init__(required=False, widget=widget, input_formats=["%Y-%m-%d"], **kwargs)


def form_field(variable: Variable) -> forms.Field:
    """Return the form field of a variable."""
    common: dict[str, Any] = {"label": _(variable.label), "help_text": _(variable.help)}
    attrs: dict[str, Any] = {"placeholder": variable.placeholder} if variable.placeholder else {}
    if variable.secret:
        return SecretFormField(widget=SecretInput(variable), **common)
    common["initial"] = variable.initial or None
    if variable.choices is not None:
        choices = [("", "---------"), *variable.choices()]
        return forms.CharField(
            required=False, empty_value=None, widget=forms.Select(choices=choices), **common
        )
    # The kind checks the length, because it counts what is stored and not what was pasted.
    attrs |= MONO if variable.address else {**QUIET, "class": "vTextField"}
    return forms.CharField(
        required=False,
        empty_value=None,
        strip=False,
        widget=forms.TextInput(attrs=attrs),
        **common,
    )
