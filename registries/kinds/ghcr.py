"""GitHub Container Registry: a classic personal access token."""

from registries.endpoint import Endpoint
from registries.kinds.base import HowTo, Kind, home_at
from registries.kinds.rules import Together
from registries.kinds.shared import (
    ANONYMOUS,
    GITHUB_LINKS,
    GITHUB_NOTES,
    GITHUB_STEPS,
    TOKEN,
    USERNAME,
    WITH_TOKEN,
    endpoint_at,
    username_and_token,
)
from registries.text import gettext_noop as _

ghcr = Kind(
    slug="ghcr",
    label=_("GitHub Container Registry"),
    summary=_("User name and token, or nothing for public images"),
    hosts=("ghcr.io",),
    variables=(USERNAME, TOKEN),
    rules=(Together("username", "token"),),
    methods=(WITH_TOKEN, ANONYMOUS),
    howto=HowTo(_("Create a personal access token"), GITHUB_STEPS, GITHUB_NOTES, GITHUB_LINKS),
    home=home_at("ghcr.io"),
    credential=username_and_token,
    endpoint=endpoint_at(Endpoint(url="https://ghcr.io")),
    default_name=_("GitHub Container Registry"),
)
