"""GitHub Container Registry: a classic personal access token."""

from collections.abc import Mapping

from registries.credentials import Anonymous, Credential
from registries.endpoint import Endpoint
from registries.kinds.base import HowTo, Kind, Lookup, Values, home_at
from registries.kinds.rules import Together
from registries.kinds.shared import (
    ANONYMOUS,
    GITHUB_LINKS,
    GITHUB_NOTES,
    GITHUB_STEPS,
    TOKEN,
    USERNAME,
    WITH_TOKEN,
    username_and_token,
)
from registries.text import gettext_noop as _

HOME = "ghcr.io"
# The host of GitHub's earlier registry. Its images moved to the same paths on ghcr.io.
# Source: https://docs.github.com/packages/working-with-a-github-packages-registry, "Migrating".
OLD = "docker.pkg.github.com"


def _row(host: str, _labels: Mapping[str, str]) -> Lookup | None:
    return {} if host in {HOME, OLD} else {"is_default": True}


def _credential(values: Values, host: str | None, prefix: str) -> Credential:
    # GHE.com has other accounts than github.com, so its hosts get the token only if the row's
    # prefix names them.
    if host in {None, HOME, OLD} or prefix.partition("/")[0] == host:
        return username_and_token(values, host, prefix)
    return Anonymous()


def _endpoint(_values: Values, host: str | None) -> Endpoint:
    own = HOME if host in {None, OLD} else host
    return Endpoint(url=f"https://{own}", fixed_realm=True, guests_by_image=True)


ghcr = Kind(
    slug="ghcr",
    label=_("GitHub Container Registry"),
    summary=_("User name and token, or nothing for public images"),
    # The last is for GitHub with data residency, where each enterprise has its own. Source:
    # https://docs.github.com/enterprise-cloud@latest/admin/data-residency
    hosts=(HOME, OLD, "containers.{name}.ghe.com"),
    variables=(USERNAME, TOKEN),
    rules=(Together("username", "token"),),
    methods=(WITH_TOKEN, ANONYMOUS),
    howto=HowTo(
        _("Create a personal access token"),
        GITHUB_STEPS,
        (
            *GITHUB_NOTES,
            _(
                "An enterprise on GHE.com has a registry of its own: set the prefix to its host,"
                " such as containers.example.ghe.com, and enter a token of an account there."
            ),
        ),
        GITHUB_LINKS,
    ),
    row=_row,
    home=home_at(HOME),
    credential=_credential,
    endpoint=_endpoint,
    default_name=_("GitHub Container Registry"),
)
