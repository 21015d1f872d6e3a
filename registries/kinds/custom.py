"""Any server that speaks the registry protocol, at an address of its own."""

from registries.endpoint import Endpoint, Proof
from registries.kinds.address import parse_address
from registries.kinds.base import HowTo, Kind, Link, Values
from registries.kinds.rules import Excludes, Together
from registries.kinds.shared import (
    ANONYMOUS,
    AUTH,
    LOGIN,
    OTHER_AUTHURL,
    PASSWORD,
    URL,
    WITH_AUTH,
    WITH_PASSWORD,
    login_or_auth,
    realms_of,
)
from registries.text import gettext_noop as _


def _endpoint(values: Values, _host: str | None) -> Endpoint:
    return Endpoint(
        url=parse_address(values["url"]).url, realms=realms_of(values), proof=Proof.COMPARE
    )


custom = Kind(
    slug="custom",
    label=_("Self-hosted registry"),
    summary=_("Any server that speaks the registry protocol: its address, a login if it asks"),
    variables=(
        URL,
        OTHER_AUTHURL,
        LOGIN,
        PASSWORD,
        AUTH,
    ),
    rules=(Together("login", "password"), Excludes("auth", ("login", "password"))),
    methods=(WITH_PASSWORD, WITH_AUTH, ANONYMOUS),
    howto=HowTo(
        _("Create a login"),
        (
            _("Ask whoever runs the registry for an account that may read the images."),
            _("With htpasswd: run htpasswd -B on the registry's password file to add a user."),
            _("Enter that user and the password itself, not the line that htpasswd wrote."),
            _(
                "With two-factor sign-in, make an access token, with read:package where the"
                " server asks for a scope, and enter it as the password."
            ),
        ),
        (
            _("The hash in an htpasswd file cannot sign in, not even as an auth string."),
            _("Where the registry has a token server on another host, enter its address too."),
            _("Passwords sent over http:// can be read on the way: prefer https://."),
        ),
        (
            Link(
                _("Distribution: restrict access to a registry"),
                "https://distribution.github.io/distribution/about/deploying/#restricting-access",
            ),
            Link(
                _("Apache: the program htpasswd"),
                "https://httpd.apache.org/docs/current/programs/htpasswd.html",
            ),
        ),
    ),
    credential=login_or_auth,
    endpoint=_endpoint,
)
