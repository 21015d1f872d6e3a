"""Access tokens in the admin: made, shown once, revoked, never changed."""

from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe
from knox.crypto import hash_token
from knox.models import AuthToken, get_digest_token
from knox.settings import CONSTANTS

from registries.admin.display import ago
from registries.admin.times import stamp
from registries.forms import Row
from ssmsite.forms import TokenForm
from ssmsite.models import AccessToken

# The library shows its tokens by their hash.
admin.site.unregister(AuthToken)

# A token that ends within so long is marked in the list.
SOON = timedelta(days=14)
# Brings a new token to the page that shows it, once: the site itself keeps its hash alone.
COOKIE, COOKIE_SECONDS = "new_access_token", 60


class ShownToken(NamedTuple):
    """A token as the pages show it."""

    token: AccessToken

    @property
    def name(self) -> str:
        return self.token.name or f"{self.token.token_key}…"

    @property
    def last_used(self) -> str:
        return ago(self.token.last_used_at) if self.token.last_used_at else gettext("never")

    @property
    def may(self) -> str:
        """What it may do, in a few words."""
        token = self.token
        words = {
            gettext("registries"): token.may_read,
            gettext("tags and digests"): token.may_query,
            gettext("credentials"): token.may_hand_over,
        }
        return ", ".join(word for word, is_allowed in words.items() if is_allowed)

    @property
    def only_for(self) -> str:
        return ", ".join(self.token.only_for)

    @property
    def expires(self) -> str:
        """When it ends, with the time zone."""
        if self.token.is_expired:
            return gettext("Expired on %(moment)s") % {"moment": stamp(self.token.expiry)}
        return stamp(self.token.expiry) if self.token.expiry else gettext("never")

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Every fact with its label; an empty one is left out."""
        token = self.token
        used = stamp(token.last_used_at) if token.last_used_at else gettext("never")
        facts = [
            (gettext("Purpose"), token.purpose),
            (gettext("Account"), str(token.user)),
            (gettext("May have"), self.may),
            (gettext("Only for"), self.only_for or gettext("every registry")),
            (gettext("Begins with"), f"{token.token_key}…"),
            (gettext("Created"), stamp(token.created)),
            (gettext("Last used"), used),
            (gettext("Expires"), self.expires),
        ]
        return [(label, value) for label, value in facts if value]

    @property
    def ends_soon(self) -> bool:
        expiry = self.token.expiry
        return bool(expiry and not self.token.is_expired) and expiry - timezone.now() < SOON


@admin.register(AccessToken)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no type parameters at run time
    """Superusers see and make everybody's tokens, others their own alone.

    A token stands for its owner's account: who could make one for somebody else would be somebody
    else.
    """

    form = TokenForm
    list_display = ("name",)
    list_select_related = ("user",)
    ordering = ("-created",)
    actions = None

    # Who may

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        tokens = super().get_queryset(request)
        return tokens if _is_chief(request) else tokens.filter(user=request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # The list

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        response = super().changelist_view(request, context)
        if isinstance(response, TemplateResponse) and response.context_data:
            tokens = [ShownToken(token) for token in response.context_data["cl"].result_list]
            may_revoke = self.has_delete_permission(request)
            response.context_data |= {"tokens": tokens, "may_revoke": may_revoke}
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"title": gettext("Revoke the access token"), **(extra_context or {})}
        return super().delete_view(request, object_id, extra)

    # Making one

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form; whose token it is only superusers are asked."""
        may_view = request.user.has_perm("registries.view_registry")
        kwargs["form"] = type("TokenForm", (TokenForm,), {"may_view": may_view})
        form: Any = super().get_form(request, obj, change, **kwargs)
        if obj is None and not _is_chief(request):
            del form.base_fields["user"]
        return form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # A token is never changed: its page shows facts.
        return [*TokenForm.Meta.fields, "days"] if obj is None else []

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        users = User.objects.filter(is_active=True)
        options = {"queryset": users, "initial": request.user.pk, **kwargs}
        return super().formfield_for_foreignkey(db_field, request, **options)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The field, without Django's buttons that add and change accounts."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        rows = {name: Row(form[name], name in {"name", "user"}) for name in form.fields}
        context["rows"] = rows
        context["may"] = [row.field for name, row in rows.items() if name.startswith("may_")]
        if token := kwargs.get("obj"):
            page = ShownToken(token)
            context |= {"title": page.name, "subtitle": None, "facts": page.facts}
        else:
            context["title"] = gettext("Create an access token")
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(sensitive_variables())
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.digest, obj.plain = get_digest_token()
        obj.token_key = obj.plain[: CONSTANTS.TOKEN_KEY_LENGTH]
        if not _is_chief(request):
            obj.user = request.user
        if days := form.cleaned_data["days"]:
            obj.expiry = timezone.now() + timedelta(days=days)
        super().save_model(request, obj, form, change)

    @method_decorator(sensitive_variables())
    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Lead to the page that shows the token, so that a reload makes no second one."""
        response = HttpResponseRedirect(reverse("admin:ssmsite_accesstoken_made"))
        response.set_cookie(
            *(COOKIE, obj.plain, COOKIE_SECONDS),
            path=response.url,
            secure=request.is_secure(),
            httponly=True,
            samesite="Strict",
        )
        return response

    def get_urls(self) -> list[URLPattern]:
        made = self.admin_site.admin_view(self.made_view)
        return [path("made/", made, name="ssmsite_accesstoken_made"), *super().get_urls()]

    @method_decorator(never_cache)
    @method_decorator(require_safe)
    @method_decorator(sensitive_variables())
    def made_view(self, request: HttpRequest) -> HttpResponse:
        """Show the token that was made just now, this once."""
        plain = request.COOKIES.get(COOKIE, "")
        token = self.get_queryset(request).filter(pk=hash_token(plain)).first() if plain else None
        if token is None:
            text = gettext(
                "A token is shown once. If you did not copy it, revoke it and create another one."
            )
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(reverse("admin:ssmsite_accesstoken_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The access token"),
            "opts": self.opts,
            "shown": ShownToken(token),
            "plain": plain,
            "try_url": request.build_absolute_uri(reverse("registries_api:registry-list")),
            "handover_url": request.build_absolute_uri(reverse("registries_api:handover")),
            "lacks_read": token.may_read and not token.user.has_perm("registries.view_registry"),
            "lacks_query": token.may_query and not token.user.has_perm("registries.query_registry"),
            "lacks_handover": token.may_hand_over
            and not token.user.has_perm("registries.hand_over_registry"),
        }
        response = TemplateResponse(request, "admin/ssmsite/accesstoken/made.html", context)
        response.delete_cookie(COOKIE, path=request.path, samesite="Strict")
        return response


def _is_chief(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
