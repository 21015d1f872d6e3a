"""Variables, ways to sign in, credentials and endpoints that several kinds share."""

from collections.abc import Callable
from dataclasses import replace

from registries.credentials import Anonymous, Basic, Credential
from registries.endpoint import Endpoint, Proof
from registries.kinds import cleaning
from registries.kinds.address import PATTERN, clean_url, parse_address
from registries.kinds.base import Link, Method, Values, Variable
from registries.kinds.rules import ExactlyOne
from registries.text import gettext_noop as _

# Long enough for every token of unknown format.
SECRET_LENGTH = 16384
# A user name may be a token as well: NGINX Plus takes a JSON Web Token as one.
LOGIN_LENGTH = 4096

URL = Variable(
    name="url",
    label=_("Address"),
    help=_("The host, with its port where it is not the default. Without http:// it is https."),
    required=True,
    address=True,
    max_length=512,
    clean=clean_url,
    pattern=PATTERN,
    placeholder="https://registry.example.com",
)
AUTHURL = replace(
    URL,
    name="authurl",
    label=_("Address of the token server"),
    placeholder="https://auth.example.com",
)
# For registries that usually are their own token server.
OTHER_AUTHURL = replace(
    AUTHURL,
    required=False,
    help=_("Only where the token server is not on the registry's own host and port."),
)
LOGIN = Variable(
    name="login",
    label=_("Login"),
    help=_("The name of the account that reads the images."),
    max_length=LOGIN_LENGTH,
    clean=cleaning.user,
)
PASSWORD = Variable(
    name="password",
    label=_("Password or access token"),
    help=_("Use an access token if you can: it can be limited and revoked separately."),
    secret=True,
    keeps_spaces=True,
    max_length=SECRET_LENGTH,
    clean=cleaning.password,
    notice=cleaning.edge_spaces,
)
AUTH = Variable(
    name="auth",
    label=_("Auth string"),
    help=_("Base64 of login:password, as in docker's config.json. No line of an htpasswd file."),
    secret=True,
    max_length=SECRET_LENGTH,
    clean=cleaning.auth,
    pattern=r"^[A-Za-z0-9+/\s]+=*$",
)
USERNAME = Variable(
    name="username",
    label=_("User name"),
    help=_("The account that the token belongs to."),
    max_length=LOGIN_LENGTH,
    clean=cleaning.user,
)
TOKEN = Variable(
    name="token",
    label=_("Access token"),
    help=_("A classic personal access token with the scope read:packages."),
    secret=True,
    max_length=SECRET_LENGTH,
    clean=cleaning.opaque,
)

WITH_PASSWORD = Method("password", _("Login and password or access token"), ("login", "password"))
WITH_AUTH = Method(
    "auth", _("Auth string"), ("auth",), _("The auth value of a docker config.json.")
)
ANONYMOUS = Method("anonymous", _("No sign-in (public images only)"), ())

ANONYMOUS_DEFAULT = replace(ANONYMOUS, default_only=True)
WITH_TOKEN = Method("token", _("User name and access token"), ("username", "token"))

# lscr.io serves GitHub's images and takes GitHub's tokens.
GITHUB_STEPS = (
    _(
        "Sign in to [GitHub](https://github.com/settings/tokens) with the account that may read"
        " the images."
    ),
    _(
        "Open **Settings**, then **Developer settings**, then **Personal access tokens**,"
        " **Tokens (classic)**."
    ),
    _("Choose **Generate new token (classic)** and name it after this site."),
    _("Choose the scope **read:packages** and nothing else."),
    _("Copy the token, which is shown only once, and enter it with your user name."),
)
GITHUB_NOTES = (
    _("Fine-grained tokens do not work: the registry takes classic ones alone."),
    _("Where an organization uses single sign-on, authorize the token for it."),
)
GITHUB_LINKS = (
    Link(
        _("GitHub: personal access tokens"),
        "https://docs.github.com/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens",
    ),
    Link(
        _("GitHub: container registry"),
        "https://docs.github.com/packages/working-with-a-github-packages-registry/working-with-the-container-registry",
    ),
)

# Forgejo and Gitea share their registry's protocol.
FORGE_VARIABLES = (URL, OTHER_AUTHURL, LOGIN, PASSWORD, AUTH)
FORGE_RULES = (ExactlyOne(("login", "password"), "auth"),)
FORGE_METHODS = (WITH_PASSWORD, WITH_AUTH)
FORGE_STEPS = (
    _("Sign in to the site with the account that may read the images."),
    _("Open **Settings**, then **Applications**."),
    _("Name a new token after this site and give it the permission **read:package**."),
    _("Generate it, copy it at once, and enter it as the password."),
)
FORGE_NOTES = (
    _("With two-factor sign-in the account's password is refused; the token works."),
    _("An auth string is base64 of login:token. A line of htpasswd cannot sign in."),
)


def login_or_auth(values: Values, _host: str | None, _prefix: str) -> Credential:
    """Return `auth`, or `login` with `password` or `token`, or else Anonymous."""
    if "auth" in values:
        return Basic(*cleaning.split_auth(values["auth"]))
    if "login" in values:
        return Basic(values["login"], values.get("password") or values["token"])
    return Anonymous()


def username_and_token(values: Values, _host: str | None, _prefix: str) -> Credential:
    """Return `username` with `token`, or else Anonymous."""
    return Basic(values["username"], values["token"]) if "token" in values else Anonymous()


def origin_of(url: str) -> str:
    """Scheme, host and port of a stored address."""
    return parse_address(url).origin


def realms_of(values: Values) -> tuple[str, ...]:
    """The token server that `authurl` names, if any."""
    return (origin_of(values["authurl"]),) if "authurl" in values else ()


def forge_endpoint(values: Values, _host: str | None) -> Endpoint:
    """Return the endpoint of Forgejo and Gitea.

    Their `/v2/` is at the root of the host, even if the site itself has a path. The token names
    the user. Source: go-gitea/gitea, routers/api/packages/container.
    """
    return Endpoint(url=origin_of(values["url"]), realms=realms_of(values), proof=Proof.USER_ID)


def endpoint_at(endpoint: Endpoint) -> Callable[[Values, str | None], Endpoint]:
    """The `endpoint` of kinds with one registry, which is the same for all rows."""
    return lambda _values, _host: endpoint
