"""Why a message could not be delivered, in words that show nothing of its receiver's address."""

from collections.abc import Mapping

from registries.client.errors import ClientError
from registries.models.results import filled
from registries.outbox import GONE
from registries.text import gettext_noop as _

SENTENCES = {
    GONE: _(
        "The receiver answered 410 (Gone), so it is turned off. Change its address in NOTIFY, or"
        " enable it again."
    ),
    "status": _("The receiver answered with the HTTP status %(status)s."),
    "redirected": _(
        "The receiver answered with a redirect, which is not followed. Enter the address to which"
        " it leads in NOTIFY."
    ),
    "dns": _("The receiver's host name cannot be resolved."),
    "timeout": _("The receiver did not answer in time."),
    "refused": _("The receiver refused the connection."),
    "tls": _("The receiver's certificate is not trusted."),
    "blocked_address": _(
        "The receiver has an IP address that this site may not call. Use a public one, name it in"
        " ENDPOINTS, or set ALLOW_PRIVATE_ADDRESSES."
    ),
    "unreachable": _("The receiver could not be reached."),
    "service": _(
        "The service did not accept the message, or could not be reached. Check its address in"
        " NOTIFY."
    ),
    "apprise_missing": _(
        "Apprise is not installed. Install it with: pip install django-registries[notify]"
    ),
    "apprise_unknown": _("Apprise does not know this kind of address. Correct it in NOTIFY."),
    "no_admins": _("The setting ADMINS contains no address."),
    "mail": _("The e-mail could not be sent (%(error)s). Check the site's mail settings."),
    "removed": _("The receiver is no longer in NOTIFY."),
    "interrupted": _("The process that was sending the message ended each time."),
    "error": _("An error occurred (%(error)s)."),
}
# The transport's codes that have a sentence of their own; it has more for certificates.
_CERTIFICATES = ("tls", "self_signed", "certificate")


class NotDelivered(Exception):
    """A message was not delivered.

    code: a key of SENTENCES, whose placeholders `params` fill. retry_after: the seconds that the
    receiver asks to wait.
    """

    def __init__(self, code: str, *, retry_after: float = 0, **params: str) -> None:
        super().__init__(code)
        self.code, self.params, self.retry_after = code, params, retry_after

    @classmethod
    def of(cls, error: ClientError) -> "NotDelivered":
        """Return it for an error of the transport."""
        if error.code.startswith(_CERTIFICATES):
            return cls("tls")
        return cls(error.code if error.code in SENTENCES else "unreachable")


def sentence(code: str, params: Mapping[str, str]) -> str:
    """Return the sentence of a code in the current language; of a later version's, the code."""
    return filled(SENTENCES[code], params) if code in SENTENCES else code
