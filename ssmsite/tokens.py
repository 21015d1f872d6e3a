"""How programs sign in to the API: by an access token, which notes its last use."""

from contextlib import suppress
from typing import Any

from django.db import DatabaseError, transaction
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from ssmsite.models import AccessToken


class AccessTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # it has no types
    """The library's, with `request.auth` as the site's own token."""

    def validate_user(self, auth_token: Any) -> tuple[Any, AccessToken]:
        """The user and the token. Raises AuthenticationFailed."""
        user, _token = super().validate_user(auth_token)
        token = AccessToken.objects.filter(pk=auth_token.pk).first()
        if token is None:  # made beside the site, which does not list it and could not limit it
            raise AuthenticationFailed
        # A database that cannot be written to just now is no reason to refuse a reader.
        with suppress(DatabaseError), transaction.atomic():
            token.note_use()
        return user, token
