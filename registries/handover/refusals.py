"""Why nothing is handed over: a code, and one sentence that says what can be done."""

from django.utils.translation import gettext

from registries.text import Text
from registries.text import gettext_noop as _

REFUSALS: dict[str, str] = {
    "not_permitted": _(
        "This account is not allowed to hand over credentials. An administrator can grant the"
        " permission."
    ),
    "token_limited": _(
        "This access token is not allowed to do this. Use another one, or ask an administrator."
    ),
    "not_allowed": _(
        "The registry “%(name)s” does not allow its credentials to leave this site. Anyone who"
        " may hand over credentials can allow it on the registry's page."
    ),
    "anonymous": _("No credentials are stored for these images. Pull them without signing in."),
    "no_registry": _("This site has no registry for this. Add one, or correct the name."),
    "not_this_registry": _(
        "This registry is not used for that image. Choose one of its own images."
    ),
    "image_needed": _(
        "The registry is used for several hosts. Name an image to choose one of them."
    ),
    "secret_unreadable": _(
        "The stored credentials cannot be decrypted with the current keys. Enter them again."
    ),
    "rejected": _(
        "The registry rejected these credentials at the last check. Correct them, and check again."
    ),
    "prefix_not_possible": _(
        "The registry “%(name)s” is only for %(prefix)s, but programs that read this form would"
        " send its credentials for every image on the host. Choose another form."
    ),
    "same_key": _(
        "Two of these registries are for the same images. Hand over one of them, or set prefixes."
    ),
    "changed_meanwhile": _("Somebody changed the registry in the meantime. Try again."),
    "too_large": _("This is more than fits into a Kubernetes Secret. Hand over fewer registries."),
}
# Where a row lets short-lived credentials leave, and only has the stored one.
NEVER_SHORT = _(
    "The registry “%(name)s” allows only short-lived credentials to leave, and has none. Anyone"
    " who may hand over credentials can allow the stored ones on the registry's page."
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
