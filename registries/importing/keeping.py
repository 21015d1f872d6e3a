"""Keeps a file between the plan and its confirmation: sealed, in the page of whoever sent it.

So nothing of it is stored here, and no page holds it in clear. Only the same account can have it
read again, and only for an hour.
"""

from datetime import timedelta

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from registries.importing.reading import Unreadable
from registries.secrets.sealing import VERIFIED, Secret
from registries.text import gettext_noop as _

KEPT = timedelta(hours=1)
GONE = _("This page is too old, or somebody else's. Choose the file again.")


@sensitive_variables()
def seal(text: str, user_id: str) -> str:
    """Return the text encrypted with the site's key, for one account."""
    return str(Secret(fresh=text).seal(_binding(user_id), VERIFIED).token)


@sensitive_variables()
def unseal(token: str, user_id: str) -> str:
    """Return the text. Raises Unreadable if it is not this account's, or was sealed long ago."""
    sealed = Secret(token).bound(_binding(user_id), VERIFIED, "a file to import")
    now, text = timezone.now(), ""
    # Whoever reads the text knows that the time was not changed: it is authenticated with it.
    if sealed.readable() and (since := sealed.set_at) and now - KEPT < since < now + KEPT:
        text = sealed.reveal()
    if not text:
        raise Unreadable(GONE)
    return text


def _binding(user_id: str) -> str:
    """What no secret of a row is sealed for."""
    return f"import|{user_id}"
