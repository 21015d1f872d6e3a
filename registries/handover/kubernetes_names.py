"""The names that Kubernetes accepts for Secrets and namespaces (RFC 1123, in lower case)."""

import re

from registries.reference import InvalidReference
from registries.text import gettext_noop as _

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
SECRET_NAME = rf"^(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*$"
NAMESPACE = rf"^{_LABEL}$"


def check_secret_name(text: str) -> None:
    """Raise InvalidReference unless the text is a valid name of a Secret."""
    if "\n" in text or not re.search(SECRET_NAME, text):
        raise InvalidReference(
            _("Use lower-case letters, digits, hyphens and dots, as Kubernetes does.")
        )


def check_namespace(text: str) -> None:
    """Raise InvalidReference unless the text is a valid namespace."""
    if "\n" in text or not re.search(NAMESPACE, text):
        raise InvalidReference(_("Use lower-case letters, digits and hyphens, as Kubernetes does."))
