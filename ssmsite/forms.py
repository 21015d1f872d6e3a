"""The form of an access token: which program it is for, what it may do, and when it ends."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registries.forms.secrets import QUIET
from registries.models import Registry, names
from registries.reference import InvalidReference, parse_prefix
from ssmsite.models import AccessToken

DAYS = ((7, _("in 7 days")), (30, _("in 30 days")), (90, _("in 90 days")), (365, _("in a year")))
NEVER, USUAL_DAYS = 0, 90


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # no type parameters at run time
    """Which program it is for, whose account it uses, what it may do, and when it ends."""

    days = forms.TypedChoiceField(
        label=_("Expires"),
        choices=[*DAYS, (NEVER, _("never"))],
        coerce=int,
        initial=USUAL_DAYS,
        help_text=_("It stops working then. A new password of its account does not end it."),
    )

    class Meta:
        model = AccessToken
        fields = (
            *("name", "purpose", "user", "may_read", "may_query", "may_hand_over"),
            *("registries", "prefixes"),
        )
        labels: ClassVar[dict[str, Any]] = {
            "user": _("Account"),
            "may_read": _("Read registries, kinds and past checks"),
            "may_query": _("Read tags and digests"),
            "may_hand_over": _("Be handed credentials"),
            "registries": _("Only these registries"),
            "prefixes": _("Only images under"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "name": _("The program that uses it, so that you know what stops when you revoke it."),
            "purpose": _("Optional. What the program does with it, or whom to ask."),
            "user": _("The token may do what this account may, and never more."),
            "may_query": _("For this, the site calls the registries, with their credentials."),
            "may_hand_over": _(
                "Docker, Kubernetes and other programs sign in with these. They come only from"
                " registries that allow it."
            ),
            "registries": _("Their names, one a line. Leave both empty for every registry."),
            "prefixes": _("Such as ghcr.io/acme, one a line."),
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            name: forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"})
            for name in ("name", "purpose")
        } | {
            name: forms.Textarea(attrs={"class": "vTextField reg-mono", "rows": 2, **QUIET})
            for name in ("registries", "prefixes")
        }

    # Whether who makes it may see registries, and so name them.
    may_view: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Who may only view has none of the fields.
        for name in self.fields.keys() & {"registries", "prefixes"}:
            # They are longer as they are typed than as they are stored.
            self.fields[name].max_length = None  # type: ignore[attr-defined]
            self.fields[name].validators = []

    def clean_registries(self) -> str:
        """The ids of the registries that are named, as they are stored."""
        keys = [names.key(line) for line in self.cleaned_data["registries"].splitlines()]
        keys = [key for key in dict.fromkeys(keys) if key]
        if keys and not self.may_view:
            raise ValidationError(_("Only who may see registries can name them."))
        rows = Registry.objects.filter(name_key__in=keys).order_by("pk")
        pks = dict(rows.values_list("name_key", "pk"))
        if missing := [key for key in keys if key not in pks]:
            text = gettext("There is no registry “%(name)s”.")
            raise ValidationError(text % {"name": missing[0]})
        return self._stored("registries", ",".join(str(pks[key]) for key in keys))

    def clean_prefixes(self) -> str:
        """The prefixes as they are stored."""
        try:
            prefixes = map(parse_prefix, self.cleaned_data["prefixes"].split())
            return self._stored("prefixes", "\n".join(dict.fromkeys(prefixes)))
        except InvalidReference as error:
            raise ValidationError(gettext(str(error))) from None

    def _stored(self, name: str, value: str) -> str:
        if len(value) > AccessToken._meta.get_field(name).max_length:
            raise ValidationError(_("These are too many: make several tokens."))
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(name) for name in ("may_read", "may_query", "may_hand_over")):
            raise ValidationError(_("Choose something that the token may do."))
        return cleaned
