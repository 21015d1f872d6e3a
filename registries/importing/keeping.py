"""Keeps a file between the plan and its confirmation: encrypted, in the page.

Nothing of it is stored on the site, and no page contains it in plain text. Only the same account
can send it back, and only for an hour.
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
    """Return the text. Raises Unreadable for another account, or after an hour."""
    sealed = Secret(token).bound(_binding(user_id), VERIFIED, "a file to import")
    now, text = timezone.now(), ""
    # The time is authenticated together with the text, so it cannot be changed.
    if sealed.readable() and (since := sealed.set_at) and now - KEPT < since < now + KEPT:
        text = sealed.reveal()
    if not text:
        raise Unreadable(GONE)
    return text


def _binding(user_id: str) -> str:
    """Return the binding, which no secret of a row has."""
    return f"import|{user_id}"
