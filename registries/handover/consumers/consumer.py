"""Consumer: a program that uses credentials, and the instructions to set it up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from registries.handover.form import Form
from registries.programs import credentials
from registries.text import gettext_noop as _

# Placeholders such as `@host@` are replaced by values of the registry.
PLACEHOLDER = re.compile(r"@([a-z_]+)@")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the instructions.

    text: a sentence.
    code: what to paste, with placeholders.
    file: the file to paste it into; empty for a command line.
    program: the one of `registries.programs` that this step needs.
    is_token: whether this step needs a new access token.
    others: the slugs of other consumers whose instructions this step leads to.
    """

    text: str
    code: str = ""
    file: str = ""
    program: str = ""
    is_token: bool = False
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the program's own documentation."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """One program that signs in to registries.

    summary: what it uses the credentials for, in a few words.
    form: the form that it reads.
    file: the name of the downloaded file; empty if the program asks this site itself.
    namespace: the Kubernetes namespace in which its Secret usually is.
    steps: what to do with the file.
    notes: what else to know.
    renewal: how to renew short-lived credentials.
    pages: the program's own documentation.
    many: whether it can use several registries at once.
    """

    slug: str
    label: str
    summary: str
    form: Form
    file: str = ""
    namespace: str = "default"
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    renewal: tuple[Step, ...]
    pages: tuple[Page, ...]
    many: bool = False

    @property
    def is_secret(self) -> bool:
        """Whether the downloaded file is a Kubernetes Secret, which has a name and a namespace."""
        return bool(self.file) and self.form.slug == "kubernetes"


def filled(text: str, params: Mapping[str, str]) -> str:
    """Return the text with its placeholders replaced. Raises KeyError for an unknown one."""
    return PLACEHOLDER.sub(lambda match: params[match[1]], text)


# Steps that several consumers have.
HELPER = Step(
    _(
        "Put the program docker-credential-registries on the PATH there. It asks this site at"
        " each pull, with an access token that can only be used to fetch the credentials of these"
        " registries. Nobody else may be able to read this file (chmod 600)."
    ),
    """\
url = "@site@"
token = "TOKEN\"""",
    "~/.config/registries/client.toml",
    credentials.HELPER,
    is_token=True,
)
NAME_HELPER = Step(
    _("Enter it in docker's configuration, and remove the entry under “auths”."),
    """\
{
  "credHelpers": {
@docker_helpers@
  }
}""",
    "~/.docker/config.json",
)
REFRESHED = Step(
    _(
        "Or, on this site's own machine, let the command refresh_pull_secrets write the file and"
        " renew it in time. This is an entry of its plan."
    ),
    """\
[[file]]
path = "/run/registries/@file@"
form = "@form@"
registries = [@names@]""",
    "/etc/registries/pull.toml",
)
APPLY = Step(
    _("Apply it. With --server-side, kubectl stores no copy of the Secret in an annotation."),
    "kubectl apply --server-side -f @file@",
)
DELETE = Step(_("Delete the downloaded file."), "rm @file@")
LET_IT_ASK = Step(
    _(
        "Let the cluster ask this site. External Secrets keeps the Secret up to date, and the"
        " kubelet needs no Secret. Their instructions:"
    ),
    others=("external-secrets", "kubelet"),
)
