"""Why nothing is handed over: a code, and one sentence that says what can be done."""

from django.utils.translation import gettext

from registries.text import Text
from registries.text import gettext_noop as _

REFUSALS: dict[str, str] = {
    "not_permitted": _(
        "This account may not hand over credentials. An administrator can give it the permission."
    ),
    "token_limited": _(
        "This access token is limited and may not do this. Use another one, or ask for one."
    ),
    "not_allowed": _(
        "The registry “%(name)s” does not allow its credentials to leave this site. Whoever may"
        " hand over credentials can allow it on the registry's page."
    ),
    "anonymous": _("For these images no credentials are stored: pull them without signing in."),
    "no_registry": _("No registry of this site answers for this. Add one, or correct the name."),
    "not_this_registry": _(
        "This image is not the registry's own. Name one that the registry answers for."
    ),
    "image_needed": _(
        "The registry answers for several hosts. Name an image, so that it is known which."
    ),
    "secret_unreadable": _(
        "The stored credentials cannot be read with today's keys. Enter them again."
    ),
    "rejected": _(
        "The registry refused these credentials at the last check. Correct them, and check again."
    ),
    "prefix_not_possible": _(
        "The registry “%(name)s” is for %(prefix)s alone, but this form names whole hosts: programs"
        " would send the credentials for every image of the host. Choose another form."
    ),
    "same_key": _(
        "Two of these registries are for the same images. Hand over one of them, or set prefixes."
    ),
    "changed_meanwhile": _("Somebody changed the registry meanwhile. Ask once more."),
    "too_large": _("This is more than a Kubernetes Secret holds. Hand over fewer registries."),
}
# Where a row lets short-lived credentials leave, and only has the stored one.
NEVER_SHORT = _(
    "The registry “%(name)s” lets short-lived credentials leave alone, and has none. Whoever may"
    " hand over credentials can allow the stored ones on the registry's page."
)


class HandoverRefused(Exception):
    """Nothing is handed over; `code` says why, `str()` what can be done.

    `params` fill the sentence: names and prefixes of rows, never secrets.
    """

    def __init__(self, code: str, sentence: str | None = None, **params: str) -> None:
        self.code = code
        self.text = Text(sentence or REFUSALS[code], params)
        super().__init__(str(self.text))

    @property
    def detail(self) -> str:
        """The sentence in the language in force."""
        return self.text.render(gettext)
