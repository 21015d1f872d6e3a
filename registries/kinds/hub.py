"""Docker Hub: a login with an access token, or anonymous."""

from dataclasses import replace

from registries.endpoint import Endpoint
from registries.kinds.base import HowTo, Kind, Link, Method, Values, home_at
from registries.kinds.rules import Excludes, Needs
from registries.kinds.shared import (
    ANONYMOUS,
    AUTH,
    LOGIN,
    PASSWORD,
    TOKEN,
    WITH_AUTH,
    WITH_PASSWORD,
    login_or_auth,
)
from registries.text import gettext_noop as _

# Docker's hardened images are on another registry, with the same accounts and its own token
# server.
# Source: https://docs.docker.com/dhi/how-to/use/
HARDENED = "dhi.io"


def _endpoint(_values: Values, host: str | None) -> Endpoint:
    if host == HARDENED:
        return Endpoint(url=f"https://{HARDENED}", fixed_realm=True)
    return Endpoint(
        url="https://registry-1.docker.io",
        realms=("https://auth.docker.io",),
        fixed_realm=True,
        counts_pulls=True,
    )


def _no_email(login: str) -> str | None:
    if "@" not in login:
        return None
    return _("Docker Hub does not sign in with an e-mail address: enter the Docker ID.")


hub = Kind(
    slug="hub",
    label=_("Docker Hub"),
    summary=_("Login with an access token, or nothing for public images"),
    hosts=("docker.io", HARDENED),
    variables=(
        replace(
            LOGIN,
            help=_(
                "The Docker ID or the organization's name."
                " Docker Hub does not sign in with an e-mail address."
            ),
            cannot_work=_no_email,
        ),
        replace(PASSWORD, label=_("Access token or password")),
        replace(
            TOKEN,
            label=_("Token"),
            help=_("Deprecated: enter the token as the password instead."),
            deprecated=True,
        ),
        AUTH,
    ),
    rules=(
        Needs("login", ("password", "token")),
        Needs("password", ("login",)),
        Needs("token", ("login",)),
        Excludes("token", ("password",)),
        Excludes("auth", ("login", "password", "token")),
    ),
    methods=(
        replace(
            WITH_PASSWORD,
            label=_("Login and access token"),
            help=_("Recommended. A password works too, but opens far more than images."),
        ),
        WITH_AUTH,
        Method(
            "token",
            _("Login and separate token"),
            ("login", "token"),
            _("Still accepted. Put the token into the first method instead."),
            deprecated=True,
        ),
        ANONYMOUS,
    ),
    howto=HowTo(
        _("Create an access token"),
        (
            _(
                "Sign in at [app.docker.com](https://app.docker.com/settings) with the account"
                " that may pull the images."
            ),
            _("Open **Account settings**, then **Personal access tokens**."),
            _("Choose **Generate new token** and name it after this site."),
            _("Give it **Read-only** access: this site never pushes."),
            _("Copy the token, which is shown only once, and enter it as the password."),
        ),
        (
            _("The account's password works as well and is not recommended."),
            _("A team should use an account of its own, or an organization access token."),
            _("An auth string is base64 of login:token, as in docker's config.json."),
            _("Hardened images on dhi.io are read with the same login; there are no guests."),
        ),
        (
            Link(_("Docker: access tokens"), "https://docs.docker.com/security/access-tokens/"),
            Link(
                _("Docker Hub: pull limits"),
                "https://docs.docker.com/docker-hub/usage/pulls/",
            ),
        ),
    ),
    home=home_at("docker.io"),
    credential=login_or_auth,
    endpoint=_endpoint,
    default_name=_("Docker Hub"),
)
