"""RegistryForm: the form of a row. Each kind has its own, built from the kind's declaration."""

from functools import cached_property, lru_cache
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from registries.forms.fields import MONO, DayField, SwitchInput, form_field
from registries.forms.layout import COMMON, FormLayout, Row
from registries.forms.schedule import PeriodField
from registries.forms.secrets import ACTION_SUFFIX, Choice, SecretInput
from registries.kinds import KINDS, Kind
from registries.models import Leaving, Registry
from registries.models.ending import EndSource
from registries.models.times import today
from registries.resolving.rivals import refusal

__all__ = [
    "CHECK",
    "SAVE_AND_CHECK",
    "SAVE_AND_USE",
    "USE",
    "RegistryForm",
    "Row",
    "form_class",
]

# ModelChoiceField's message for an invalid choice. ChoiceField's would repeat the value.
NO_CHOICE = forms.ModelChoiceField.default_error_messages["invalid_choice"]
# The names of the buttons that check the form without saving, and after saving.
CHECK, SAVE_AND_CHECK = "_check", "_savecheck"
# The same for the other address, which is the button's value.
USE, SAVE_AND_USE = "_use", "_saveuse"


class RegistryForm(FormLayout):
    """The form of one kind's rows. `form_class` returns the class for a kind."""

    # The permissions of the user: to change rows, to view them, and to hand over their credentials.
    may_change: ClassVar[bool] = True
    may_view: ClassVar[bool] = True
    may_hand_over: ClassVar[bool] = False

    # The version of the row when the form was opened. A later one means that somebody else saved.
    opened_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    # The way to sign in; variables of the other ways are cleared. If it is not sent, all are kept.
    sign_in = forms.ChoiceField(required=False, error_messages={"invalid_choice": NO_CHOICE})
    check_every = PeriodField()
    expires_on = DayField(
        label=_("Credentials end on"),
        help_text=_(
            "The day on which the token or password stops working, if it does. The site warns"
            " before. Some registries and tokens say it themselves when they are checked."
        ),
    )
    image = forms.CharField(
        label=_("Image to try"),
        help_text=_(
            "Optional, and not stored. A private image gives the best proof. Without an image,"
            " only signing in is tested."
        ),
        required=False,
        max_length=512,
        widget=forms.TextInput(attrs={**MONO, "placeholder": "team/app:1.0"}),
    )
    HELPERS = ("opened_version", "sign_in", "image")

    class Meta:
        model = Registry
        fields: ClassVar[list[str]] = [*COMMON]
        labels: ClassVar[dict[str, Any]] = {
            "verify_tls": _("Verify the registry's certificate"),
            "handover": _("May leave this site"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "prefix": _("Leave empty to use it for all images on this host."),
            "ca_certificate": _("Only for a private CA. Paste it in PEM format."),
            "verify_tls": _(
                "Keep this on. Otherwise, anyone who impersonates the registry receives"
                " the credentials."
            ),
            "handover": _(
                "Whether docker, Kubernetes and other programs may be given these credentials."
            ),
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "name": forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
            "verify_tls": SwitchInput(),
            "prefix": forms.TextInput(attrs=MONO),
            "ca_certificate": forms.Textarea(
                attrs={**MONO, "rows": 3, "placeholder": "-----BEGIN CERTIFICATE-----"}
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.instance.kind = self.kind.slug
        else:
            self.initial["opened_version"] = self.instance.version
        is_default = self.instance.is_default
        self.methods = [
            method for method in self.kind.methods if is_default or not method.default_only
        ]
        self._limit_handover()
        if "check_every" in self.fields:  # a read-only page has none
            period = cast("PeriodField", self.fields["check_every"])
            period.offer(self.instance.check_every)
            period.error_messages["invalid_choice"] = NO_CHOICE
        sign_in = cast("forms.ChoiceField", self.fields["sign_in"])
        sign_in.choices = [(method.slug, method.label) for method in self.methods]
        for name in self.kind.secrets:
            widget = self._secret_input(name)
            widget.can_clear = is_default or not self.kind.by_name[name].required
            widget.is_readable = self.instance.secrets_readable
            widget.action = "keep" if widget.is_readable else "replace"
            if self.is_bound:
                key = self.add_prefix(name)
                widget.action = self.data.get(key + ACTION_SUFFIX, "keep")
                widget.is_retyped = bool(self.data.get(key))
        initial = {
            variable.name: variable.initial for variable in self.kind.variables if variable.initial
        }
        example = self.kind.example_prefix({**initial, **self.instance.plain_values()})
        if "prefix" in self.fields:  # read-only pages have no fields
            self.fields["prefix"].widget.attrs["placeholder"] = example
        self._dropped: list[str] = []

    def _limit_handover(self) -> None:
        """Offer the choices of the kind. Without the permission, the field is disabled."""
        self.instance.is_entrusting = self.may_hand_over
        if "handover" not in self.fields:  # a read-only page
            return
        field = cast("forms.ChoiceField", self.fields["handover"])
        field.choices = [
            (choice.value, choice.label)
            for choice in Leaving
            if choice is not Leaving.SHORT or self.kind.exchanged_by
        ]
        field.error_messages["invalid_choice"] = NO_CHOICE
        field.required = False
        field.disabled = not self.may_hand_over
        if field.disabled:
            field.help_text = _(
                "Only people with the permission “Can hand over a registry's credentials” can"
                " change this."
            )

    def _secret_input(self, name: str) -> SecretInput:
        return cast("SecretInput", self.fields[name].widget)

    # Cleaning

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("sign_in"):
            self._drop_other_ways(cleaned)
        for name in self.kind.secrets:
            match cleaned.get(name):
                case Choice.KEEP:
                    del cleaned[name]
                case Choice.CLEAR:
                    cleaned[name] = None
        if self.add_prefix("check_every") not in self.data:  # not sent, it stays as it is
            cleaned["check_every"] = self.instance.check_every
        self._settle_end(cleaned)
        opened = cleaned.get("opened_version")
        if opened is not None and opened != self.instance.version:
            # The user has now seen the error. If they save again, they want to overwrite.
            name = self.add_prefix("opened_version")
            self.data = {key: self.data.get(key) for key in self.data}
            self.data[name] = str(self.instance.version)
            raise ValidationError(
                _("Somebody else saved this registry while you were editing."),
                code="changed_meanwhile",
            )
        return cleaned

    def _settle_end(self, cleaned: dict[str, Any]) -> None:
        """Keep the day if it was not sent, drop it with the credentials, and ask about a past one.

        It can only be of earlier credentials, if others are entered now.
        """
        if self.add_prefix("expires_on") not in self.data:
            cleaned["expires_on"] = self.instance.expires_on
            return
        if cleaned.get("sign_in") and not self.chosen.variables:
            self.errors.pop("expires_on", None)
            cleaned["expires_on"] = None
        day = cleaned.get("expires_on")
        is_retyped = any(isinstance(cleaned.get(name), str) for name in self.kind.secrets)
        is_learned = self.instance.expires_on_source == EndSource.LEARNED
        is_kept = day == self.instance.expires_on
        if day and day < today() and is_retyped and not (is_learned and is_kept):
            message = _("This day is past. Enter when the new credentials end, or leave it empty.")
            self.add_error("expires_on", ValidationError(message, code="past"))

    def _drop_other_ways(self, cleaned: dict[str, Any]) -> None:
        for name in self._of_some_method.difference(self.chosen.variables):
            self.errors.pop(name, None)
            cleaned[name] = None
            if self.instance.raw_value(name):
                self._dropped.append(name)

    @sensitive_variables()
    def full_clean(self) -> None:
        super().full_clean()
        if self._is_check_only:
            self.errors.pop("name", None)  # a check needs no name
        if not self.is_bound:
            return
        self._show_addresses()
        for name, reason in self.kind.hopeless(self.instance.plain_values()).items():
            if name not in self.errors:
                self.add_error(name, ValidationError(gettext(reason), code="cannot_work"))
        self._refuse_other_recipients()
        if not (self.may_change or self.errors):
            self._refuse_rival()
        if not self.cleaned_data.get("sign_in"):
            return
        # This comes last, because a pasted key file fills other variables.
        for name in self.chosen.variables:
            if name not in self.errors and not self.instance.raw_value(name):
                message = _("Enter a value, or choose another way to sign in.")
                self.add_error(name, ValidationError(message, code="required"))

    def _show_addresses(self) -> None:
        """Show addresses as they are stored, with a scheme if it was left out."""
        stored = {
            self.add_prefix(name): self.instance.raw_value(name)
            for name in self.kind.address
            if name not in self.errors and self.instance.raw_value(name)
        }
        self.data = {**{key: self.data.get(key) for key in self.data}, **stored}

    def _refuse_other_recipients(self) -> None:
        """Without the permission to hand over, nobody may change who receives the stored secrets.

        Access tokens refer to images, and files of `refresh_pull_secrets` refer to names of
        registries. Without an exchange, the stored secret itself is handed over.
        """
        if self.may_hand_over or self._is_check_only or self.instance.handover == Leaving.NONE:
            return
        if not self.instance.kept_secrets():
            return
        for name in ("name", "prefix", self.kind.exchanged_by):
            if name not in self.fields or name in self.kind.secrets or name in self.errors:
                continue
            if (self.initial.get(name) or "") != (self.instance.raw_value(name) or ""):
                message = _(
                    "This decides who receives the stored credentials, which may leave this site."
                    " Enter the credentials again, or ask somebody who may hand them over."
                )
                self.add_error(name, ValidationError(message, code="other_recipients"))

    def _refuse_rival(self) -> None:
        """Whoever may only add rows must not change which row is used for existing images."""
        if text := refusal(self.instance, may_view=self.may_view):
            self.add_error(None, ValidationError(text, code="rival"))

    def is_valid(self) -> bool:
        """Whether the form can be saved. A form that is only checked cannot."""
        return super().is_valid() and not self._is_check_only

    @property
    def _is_check_only(self) -> bool:
        return CHECK in self.data

    @property
    def is_conflict(self) -> bool:
        """Whether somebody else saved the row in the meantime."""
        return self.has_error(NON_FIELD_ERRORS, "changed_meanwhile")

    @cached_property
    def changed_data(self) -> list[str]:
        """The names of the changed fields, for the history."""
        others = self._of_some_method.difference(self.chosen.variables) if self._is_chosen else ()
        left_out = {*self.HELPERS, *others}
        for name in ("handover", "expires_on"):  # a field that was not sent is not changed
            if self.add_prefix(name) not in self.data:
                left_out.add(name)
        return [name for name in super().changed_data if name not in left_out] + self._dropped

    @property
    def _is_chosen(self) -> bool:
        return bool(self.is_bound and self.data.get(self.add_prefix("sign_in")))

    def add_error(self, field: str | None, error: Any) -> None:
        """Add an error. It goes above the form if the form does not have its field."""
        if field is None and hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                has_place = name in self.fields or name == NON_FIELD_ERRORS
                if name not in self.errors:  # the form's own error is enough
                    self.add_error(name if has_place else None, errors)
            return
        if field in self.kind.secrets:
            self._secret_input(field).action = "replace"
        super().add_error(field, error)


@lru_cache(maxsize=len(KINDS))
def form_class(kind: Kind) -> type[RegistryForm]:
    """Return the form class of a kind, with a field for each of its variables."""
    fields = {variable.name: form_field(variable) for variable in kind.variables}
    meta = type("Meta", (RegistryForm.Meta,), {"fields": [*COMMON, *fields]})
    name = f"{kind.slug.capitalize()}Form"
    return type(name, (RegistryForm,), {**fields, "kind": kind, "Meta": meta})
