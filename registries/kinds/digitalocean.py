"""DigitalOcean Container Registry: a personal access token."""

import re
from dataclasses import replace

from registries.credentials import Basic, Credential
from registries.endpoint import Endpoint
from registries.kinds import cleaning
from registries.kinds.base import HowTo, Kind, Link, Method, Values, home_at
from registries.kinds.problem import Invalid
from registries.kinds.shared import TOKEN, USERNAME, endpoint_at
from registries.text import gettext_noop as _

HOME = "registry.digitalocean.com"
# How DigitalOcean's tokens begin: of persons, of applications, and what refreshes these. Source:
# https://docs.digitalocean.com/products/container-registry/reference/api/container-registries/
# Those made before 29 March 2022 are 64 hexadecimal digits. Source:
# https://docs.digitalocean.com/notes/2022/api-token-format
_TOKEN = re.compile(r"do[opr]_v1_|[0-9a-f]{64}$", re.ASCII)


def _user(text: str) -> str:
    """A user name that is no token: it is stored in clear and shown."""
    if _TOKEN.match(text.strip()):
        raise Invalid(
            "token", _("This is a token: enter it in its own field and leave this one empty.")
        )
    return cleaning.user(text)


def _credential(values: Values, _host: str | None, _prefix: str) -> Credential:
    # The token is the user name as well, unless an account is named. Source:
    # https://docs.digitalocean.com/products/container-registry/how-to/set-up-ci-cd/
    return Basic(values.get("username") or values["token"], values["token"])


digitalocean = Kind(
    slug="digitalocean",
    label=_("DigitalOcean Container Registry"),
    summary=_("Personal access token"),
    hosts=(HOME,),
    variables=(
        replace(
            TOKEN,
            label=_("Personal access token"),
            help=_("It begins with dop_v1_ and has the scope registry:read."),
            required=True,
        ),
        replace(
            USERNAME,
            help=_("Not needed: the token is the user name as well. Or the account's e-mail."),
            clean=_user,
        ),
    ),
    methods=(Method("token", _("Personal access token"), ("token", "username")),),
    howto=HowTo(
        _("Create a personal access token"),
        (
            _(
                "In the"
                " [DigitalOcean control panel](https://cloud.digitalocean.com/account/api/tokens),"
                " choose the team that owns the registry."
            ),
            _("Open **API**, then **Tokens**, and choose **Generate New Token**."),
            _("Name it after this site, choose when it expires, and choose **Custom Scopes**."),
            _("Select **registry** and, of it, **read** alone."),
            _("Copy the token, which is shown only once, and enter it here."),
        ),
        (
            _("Images are named registry.digitalocean.com/REGISTRY/IMAGE."),
            _("A token reads all registries of its team: set a prefix for each of several teams."),
            _("There are no public images: DigitalOcean shows nothing without a token."),
            _("What doctl registry login writes ends after 30 days: make a token instead."),
        ),
        (
            Link(
                _("DigitalOcean: personal access tokens"),
                "https://docs.digitalocean.com/reference/api/create-personal-access-token/",
            ),
            Link(
                _("DigitalOcean: sign in with a user name and password"),
                "https://docs.digitalocean.com/products/container-registry/how-to/set-up-ci-cd/",
            ),
        ),
    ),
    home=home_at(HOME),
    credential=_credential,
    endpoint=endpoint_at(
        Endpoint(url=f"https://{HOME}", realms=("https://api.digitalocean.com",), fixed_realm=True)
    ),
)
