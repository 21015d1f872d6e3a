"""How Kubernetes names Secrets and namespaces: RFC 1123, in lower case."""

import re

from registries.reference import InvalidReference
from registries.text import gettext_noop as _

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
SECRET_NAME = rf"^(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*$"
NAMESPACE = rf"^{_LABEL}$"


def check_secret_name(text: str) -> None:
    """Raise InvalidReference for what is no name of a Secret."""
    if "\n" in text or not re.search(SECRET_NAME, text):
        raise InvalidReference(
            _("A name in Kubernetes is in lower case: letters, digits, hyphens and dots.")
        )


def check_namespace(text: str) -> None:
    """Raise InvalidReference for what is no namespace."""
    if "\n" in text or not re.search(NAMESPACE, text):
        raise InvalidReference(
            _("A namespace in Kubernetes is in lower case: letters, digits and hyphens.")
        )
