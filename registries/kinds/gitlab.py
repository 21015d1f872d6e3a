"""GitLab's registry, on gitlab.com or self-hosted: a token that may read it."""

from dataclasses import replace

from registries.credentials import Basic, Credential
from registries.endpoint import Endpoint, TokenPage
from registries.kinds.address import parse_address
from registries.kinds.base import HowTo, Kind, Link, Method, Values
from registries.kinds.shared import AUTHURL, TOKEN, URL, USERNAME, realms_of
from registries.text import gettext_noop as _

# A personal access token signs in under any name, but not under an empty one.
ANY_USERNAME = "token"
# Personal, project and group access tokens, unless an administrator chose another prefix. They may
# read when they end, which deploy tokens may not (docs.gitlab.com/security/tokens).
PERSONAL = "glpat-"
TOKEN_PAGE = TokenPage("/jwt/auth", "/api/v4/personal_access_tokens/self")


def _credential(values: Values, _host: str | None, _prefix: str) -> Credential:
    return Basic(values.get("username", ANY_USERNAME), values["token"])


def _endpoint(values: Values, _host: str | None) -> Endpoint:
    return Endpoint(
        url=parse_address(values["url"]).url,
        realms=realms_of(values),
        forbidden="no_registry_scope",
        token_page=TOKEN_PAGE if values.get("token", "").startswith(PERSONAL) else None,
    )


gitlab = Kind(
    slug="gitlab",
    label=_("GitLab Container Registry"),
    summary=_("Token with read_registry"),
    variables=(
        replace(URL, label=_("Address of the registry"), initial="https://registry.gitlab.com"),
        replace(
            AUTHURL,
            label=_("Address of GitLab"),
            help=_("GitLab itself: it makes the registry's tokens."),
            initial="https://gitlab.com",
        ),
        replace(USERNAME, help=_("Only for a deploy token: the user name that GitLab gave it.")),
        replace(TOKEN, help=_("With the scope read_registry."), required=True),
    ),
    methods=(Method("token", _("Access token or deploy token"), ("username", "token")),),
    howto=HowTo(
        _("Create an access token"),
        (
            _("Sign in to GitLab with the account that may read the images."),
            _("Select your avatar, then **Edit profile**, then **Access tokens**."),
            _("Add a token, name it after this site, and choose the scope **read_registry**."),
            _("Copy the token, which is shown only once, and enter it here."),
        ),
        (
            _("A deploy token or group token with read_registry belongs to no person."),
            _("A deploy token needs its own user name, such as gitlab+deploy-token-1."),
            _("GitLab shuts an address out for a while after many wrong sign-ins."),
        ),
        (
            Link(
                _("GitLab: personal access tokens"),
                "https://docs.gitlab.com/user/profile/personal_access_tokens/",
            ),
            Link(
                _("GitLab: sign in to the container registry"),
                "https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/",
            ),
        ),
    ),
    credential=_credential,
    endpoint=_endpoint,
)
