"""Harbor: a robot account of a project, or a user."""

from dataclasses import replace

from registries.endpoint import Endpoint
from registries.kinds.base import HowTo, Kind, Link, Method, Values
from registries.kinds.rules import Together
from registries.kinds.shared import (
    ANONYMOUS,
    LOGIN,
    OTHER_AUTHURL,
    PASSWORD,
    URL,
    login_or_auth,
    origin_of,
    realms_of,
)
from registries.text import gettext_noop as _


def _endpoint(values: Values, _host: str | None) -> Endpoint:
    # The token server at /service/token refuses wrong credentials only if no scope is asked for;
    # else it gives them a guest's token (goharbor/harbor, src/core/service/token/creator.go).
    return Endpoint(url=origin_of(values["url"]), realms=realms_of(values))


def _broken_name(login: str) -> str | None:
    """What to say of a robot's name that a shell or a compose file has changed."""
    if "$$" in login:
        return _("The login has two dollar signs, as in a compose file. A robot's name has one.")
    if login == "robot":
        return _(
            "Is this the whole login? A shell drops what follows a dollar sign,"
            " and a robot's name looks like robot$project+name."
        )
    return None


harbor = Kind(
    slug="harbor",
    label=_("Harbor"),
    summary=_("Address and a robot account, or nothing for public projects"),
    variables=(
        replace(URL, placeholder="https://harbor.example.com"),
        replace(
            OTHER_AUTHURL,
            help=_("Only where Harbor's external URL is another host or port than the address."),
        ),
        replace(
            LOGIN,
            help=_("A robot's whole name, such as robot$project+name, or a user's name."),
            notice=_broken_name,
        ),
        replace(
            PASSWORD,
            label=_("Secret or password"),
            help=_("The robot's secret. For a user who signs in by OIDC, the CLI secret."),
        ),
    ),
    rules=(Together("login", "password"),),
    methods=(
        Method("password", _("Robot account or user"), ("login", "password")),
        replace(ANONYMOUS, help=_("Public projects only.")),
    ),
    howto=HowTo(
        _("Create a robot account"),
        (
            _("Sign in to Harbor as an administrator of the project and open the project."),
            _("Open **Robot Accounts** and choose **New Robot Account**."),
            _("Name it after this site, and choose when it expires."),
            _("Give it **Pull Repository**, and **List Tag** so that it may list tags."),
            _("Copy the secret, which is shown only once, and enter it here."),
            _("Enter the robot's whole name as the login: robot$project+name."),
        ),
        (
            _("For several projects, an administrator creates a system robot: robot$name."),
            _("Harbor's administrator may have set another prefix than robot$."),
            _("An OIDC user's password does not work: the CLI secret is in the user profile."),
            _("After a wrong password Harbor refuses the account for a moment, for everybody."),
        ),
        (
            Link(
                _("Harbor: robot accounts of a project"),
                "https://goharbor.io/docs/main/working-with-projects/project-configuration/create-robot-accounts/",
            ),
            Link(
                _("Harbor: system robot accounts"),
                "https://goharbor.io/docs/main/administration/robot-accounts/",
            ),
            Link(
                _("Harbor: the CLI secret of OIDC users"),
                "https://goharbor.io/docs/main/administration/configure-authentication/oidc-auth/",
            ),
        ),
    ),
    credential=login_or_auth,
    endpoint=_endpoint,
)
