"""The access tokens that programs sign in to the API with."""

from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken


class AccessToken(AuthToken):  # type: ignore[misc]  # the library has no types
    """The library's token, which keeps a hash and the first characters, in the operator's words."""

    class Meta:
        proxy = True
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")

    def __str__(self) -> str:
        return f"{self.token_key}… ({self.user})"
