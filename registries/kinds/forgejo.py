"""Forgejo: the packages of a Forgejo site."""

from registries.kinds.base import HowTo, Kind, Link
from registries.kinds.shared import (
    FORGE_METHODS,
    FORGE_NOTES,
    FORGE_RULES,
    FORGE_STEPS,
    FORGE_VARIABLES,
    forge_endpoint,
    login_or_auth,
)
from registries.text import gettext_noop as _

forgejo = Kind(
    slug="forgejo",
    label=_("Forgejo"),
    summary=_("Address, and a login with an access token"),
    variables=FORGE_VARIABLES,
    rules=FORGE_RULES,
    methods=FORGE_METHODS,
    howto=HowTo(
        _("Create an access token"),
        FORGE_STEPS,
        FORGE_NOTES,
        (
            Link(
                _("Forgejo: container registry"),
                "https://forgejo.org/docs/latest/user/packages/container/",
            ),
            Link(
                _("Forgejo: access token scopes"),
                "https://forgejo.org/docs/latest/user/token-scope/",
            ),
        ),
    ),
    credential=login_or_auth,
    endpoint=forge_endpoint,
)
