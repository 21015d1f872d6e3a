"""LinuxServer Container Registry: the images are GitHub's, and so is the token."""

from dataclasses import replace

from registries.endpoint import Endpoint
from registries.kinds.base import HowTo, Kind, Link, home_at
from registries.kinds.shared import (
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

lscr = Kind(
    slug="lscr",
    label=_("LinuxServer Container Registry"),
    summary=_("GitHub user name and token"),
    hosts=("lscr.io",),
    variables=(replace(USERNAME, required=True), replace(TOKEN, required=True)),
    methods=(WITH_TOKEN,),
    howto=HowTo(
        _("Create a GitHub access token"),
        GITHUB_STEPS,
        (*GITHUB_NOTES, _("lscr.io sends sign-in to ghcr.io; the token goes there alone.")),
        (*GITHUB_LINKS, Link(_("LinuxServer.io: documentation"), "https://docs.linuxserver.io/")),
    ),
    home=home_at("lscr.io"),
    credential=username_and_token,
    endpoint=endpoint_at(
        Endpoint(
            url="https://lscr.io",
            realms=("https://ghcr.io",),
            fixed_realm=True,
            guests_by_image=True,
            anonymous_elsewhere=True,
        )
    ),
)
