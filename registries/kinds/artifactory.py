"""JFrog Artifactory: a user with an identity token, on jfrog.io or self-hosted."""

from dataclasses import replace

from registries.endpoint import Endpoint
from registries.kinds.base import HowTo, Kind, Link, Method, Values
from registries.kinds.rules import Together
from registries.kinds.shared import (
    ANONYMOUS,
    OTHER_AUTHURL,
    TOKEN,
    URL,
    USERNAME,
    origin_of,
    realms_of,
    username_and_token,
)
from registries.text import gettext_noop as _


def _endpoint(values: Values, _host: str | None) -> Endpoint:
    # `/v2/` is at the root of the host, as docker asks for it, whichever page's address was copied:
    # the repository's key stands in the image's path or in the host.
    # 403 says that a user is suspended for a while, whatever is signed in with; wrong ones get 401.
    return Endpoint(
        url=origin_of(values["url"]), realms=realms_of(values), forbidden="token_server_refused"
    )


artifactory = Kind(
    slug="artifactory",
    label=_("JFrog Artifactory"),
    summary=_("Address, and a user name with a token, or nothing where guests may read"),
    variables=(
        replace(
            URL,
            help=_(
                "What stands before the first / in docker pull: acme.jfrog.io, or a repository's"
                " own host or port such as docker.example.com."
            ),
            placeholder="https://acme.jfrog.io",
        ),
        replace(
            OTHER_AUTHURL,
            help=_("Only where Artifactory's base URL is another host or port than the address."),
        ),
        replace(USERNAME, help=_("The user that the token belongs to.")),
        replace(
            TOKEN,
            label=_("Identity token or password"),
            help=_("An identity token, an access token or a password of this user."),
        ),
    ),
    rules=(Together("username", "token"),),
    methods=(
        Method("token", _("User name and token"), ("username", "token")),
        replace(ANONYMOUS, help=_("Only where Artifactory allows anonymous access.")),
    ),
    howto=HowTo(
        _("Create an identity token"),
        (
            _("Sign in to the JFrog platform as the user that may read the images."),
            _("Open the user menu, choose **Edit Profile**, and unlock it with your password."),
            _("Choose **Generate an Identity Token** and name it after this site."),
            _("Copy the token, which is shown only once, and enter it with the user name."),
            _("Open a repository's **Set Me Up**: it names the host that goes into the address."),
        ),
        (
            _("One row is enough for all repositories in paths: acme.jfrog.io/docker-local/app."),
            _("Where each repository has its own host or port, each of them is a row."),
            _("If the images of one repository need another user, set the prefix to its path."),
            _("After several wrong sign-ins Artifactory refuses the user for a minute."),
            _(
                "If the check names another host or http, the base URL or the reverse proxy's"
                " headers are wrong in Artifactory."
            ),
        ),
        (
            Link(
                _("JFrog: identity tokens"),
                "https://jfrog.com/help/r/jfrog-platform-administration-documentation/understanding-identity-tokens",
            ),
            Link(
                _("JFrog: addresses of Docker repositories"),
                "https://jfrog.com/help/r/jfrog-artifactory-documentation/docker-repository-url-formats",
            ),
            Link(
                _("JFrog: reverse proxy and HTTP settings"),
                "https://docs.jfrog.com/installation/docs/http-settings",
            ),
        ),
    ),
    credential=username_and_token,
    endpoint=_endpoint,
)
