"""Access tokens in the admin: made, shown once, revoked, never changed."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken, get_digest_token
from knox.settings import CONSTANTS

from ssmsite.models import AccessToken

# The library shows its tokens by their hash.
admin.site.unregister(AuthToken)


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # no type parameters at run time
    """Whose token it is, and until when it is good."""

    class Meta:
        labels: ClassVar[dict[str, Any]] = {"user": _("User"), "expiry": _("Good until")}
        help_texts: ClassVar[dict[str, Any]] = {
            "expiry": _("Empty: until it is deleted. A new password of its user does not end it.")
        }

    def clean_expiry(self) -> Any:
        expiry = self.cleaned_data["expiry"]
        if expiry and expiry <= timezone.now():
            raise ValidationError(_("Choose a time to come, or leave this empty."))
        return expiry


@admin.register(AccessToken)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no type parameters at run time
    """Superusers see and make everybody's tokens, others their own alone.

    A token is its owner's whole account: who could make one for somebody else would be somebody
    else.
    """

    form = TokenForm
    fields = ("user", "expiry")
    list_display = ("start", "owner", "made", "until")
    list_select_related = ("user",)
    empty_value_display = _("for ever")

    @admin.display(description=_("First characters"), ordering="token_key")
    def start(self, token: AccessToken) -> Any:
        return token.token_key

    @admin.display(description=_("User"), ordering="user")
    def owner(self, token: AccessToken) -> Any:
        return token.user

    @admin.display(description=_("Created"), ordering="created")
    def made(self, token: AccessToken) -> Any:
        return token.created

    @admin.display(description=_("Good until"), ordering="expiry")
    def until(self, token: AccessToken) -> Any:
        return token.expiry

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        tokens = super().get_queryset(request)
        return tokens if _is_chief(request) else tokens.filter(user=request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        users = User.objects.filter(is_active=True)
        if not _is_chief(request):
            users = users.filter(username=request.user.get_username())
        options = {"queryset": users, "initial": request.user.pk, **kwargs}
        return super().formfield_for_foreignkey(db_field, request, **options)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer one button alone: the token is shown next, whichever is pressed."""
        one = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, (extra_context or {}) | one)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.digest, obj.plain = get_digest_token()
        obj.token_key = obj.plain[: CONSTANTS.TOKEN_KEY_LENGTH]
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token, in this answer alone: a message would wait in a cookie or a session."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("The access token"),
            "opts": self.opts,
            "token": obj.plain,
            "owner": obj.user,
        }
        response = render(request, "admin/ssmsite/accesstoken/made.html", context)
        add_never_cache_headers(response)
        return response


def _is_chief(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
