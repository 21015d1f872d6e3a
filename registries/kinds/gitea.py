"""Gitea: the packages of a Gitea site."""

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

gitea = Kind(
    slug="gitea",
    label=_("Gitea"),
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
                _("Gitea: container registry"),
                "https://docs.gitea.com/usage/packages/container",
            ),
            Link(
                _("Gitea: access tokens and their scopes"),
                "https://docs.gitea.com/development/api-usage",
            ),
        ),
    ),
    credential=login_or_auth,
    endpoint=forge_endpoint,
)
