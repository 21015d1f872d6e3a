"""Quay, on quay.io or self-hosted: a robot account."""

from dataclasses import replace

from registries.credentials import Anonymous, Basic, Credential
from registries.endpoint import Endpoint
from registries.kinds import cleaning
from registries.kinds.base import HowTo, Kind, Link, Method, Values, Variable, home_at
from registries.kinds.rules import Needs, Together
from registries.kinds.shared import ANONYMOUS, OTHER_AUTHURL, TOKEN, URL, origin_of, realms_of
from registries.text import gettext_noop as _

HOME = "quay.io"


def _credential(values: Values, _host: str | None, _prefix: str) -> Credential:
    if "token" not in values:
        return Anonymous()
    return Basic(f"{values['namespace']}+{values['account']}", values["token"])


def _endpoint(values: Values, _host: str | None) -> Endpoint:
    return Endpoint(url=origin_of(values.get("url", f"https://{HOME}")), realms=realms_of(values))


quay = Kind(
    slug="quay",
    label=_("Quay"),
    summary=_("Robot account, or nothing for public images"),
    hosts=(HOME,),
    variables=(
        replace(
            URL,
            help=_("Only for a Quay of your own. Leave empty for quay.io."),
            required=False,
            placeholder=f"https://{HOME}",
        ),
        replace(
            OTHER_AUTHURL,
            help=_("Only where a Quay of your own names another host than its address."),
        ),
        Variable(
            name="namespace",
            label=_("Namespace"),
            help=_("The robot's name before the +: a user or an organization."),
            clean=cleaning.robot_part,
        ),
        Variable(
            name="account",
            label=_("Account"),
            help=_("The robot's name after the +."),
            clean=cleaning.robot_part,
        ),
        replace(TOKEN, label=_("Robot token"), help=_("Quay shows it beside the robot's name.")),
    ),
    rules=(
        Needs("authurl", ("url",)),
        Together("namespace", "account", "token"),
    ),
    methods=(
        Method("robot", _("Robot account"), ("namespace", "account", "token")),
        ANONYMOUS,
    ),
    howto=HowTo(
        _("Create a robot account"),
        (
            _("Sign in to Quay and open your organization, or your account settings."),
            _("Open **Robot Accounts** and choose **Create Robot Account**."),
            _("Give it **Read** permission on the repositories that this site reads."),
            _("Open the robot: its name is namespace+account."),
            _("Enter what stands before the + as the namespace, what follows as the account."),
            _("Copy the robot's token and enter it here."),
        ),
        (_("A robot can be limited to few repositories and revoked without touching anybody."),),
        (
            Link(
                _("Quay.io: robot accounts"),
                "https://docs.quay.io/glossary/robot-accounts.html",
            ),
            Link(
                _("Red Hat Quay: documentation"),
                "https://docs.redhat.com/en/documentation/red_hat_quay/",
            ),
        ),
    ),
    home=home_at(HOME),
    credential=_credential,
    endpoint=_endpoint,
    default_name=_("Quay"),
)
