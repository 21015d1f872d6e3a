"""What a consumer is: its form, what is pasted where, and how that is renewed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from registries.handover.form import Form
from registries.programs import credentials
from registries.text import gettext_noop as _

# A part of a text or code that depends on the registry, such as `@host@`.
PLACEHOLDER = re.compile(r"@([a-z_]+)@")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    text: a sentence. code: what is pasted, with placeholders. file: the name of the file that holds
    it; a command line without one. program: one of `registries.programs` that it takes.
    is_token: whether it takes a new access token.
    """

    text: str
    code: str = ""
    file: str = ""
    program: str = ""
    is_token: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the program's own documentation."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """One program that signs in to registries.

    summary: what it uses the credentials for, in a few words.
    form: in which it is handed credentials. file: how what is downloaded is called; empty where it
        asks this site by itself.
    namespace: where its Secret is usually kept in Kubernetes.
    steps: what to do with the file. notes: what else is good to know.
    renewal: how to go on after short-lived credentials end.
    many: whether it can be handed several registries at once.
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
        """Whether what is handed over is a Kubernetes Secret, with a name and a namespace."""
        return bool(self.file) and self.form.slug == "kubernetes"


def filled(text: str, params: Mapping[str, str]) -> str:
    """A text or code with its placeholders filled in. Raises KeyError for one that is unknown."""
    return PLACEHOLDER.sub(lambda found: params[found[1]], text)


# Steps that several consumers have.
HELPER = Step(
    _(
        "Put the program docker-credential-registries on the PATH there. It asks this site at each"
        " pull, with an access token that may do nothing but hand over, and for these registries"
        " alone. Let nobody else read this file (chmod 600)."
    ),
    """\
url = "@site@"
token = "TOKEN\"""",
    "~/.config/registries/client.toml",
    credentials.HELPER,
)
NAME_HELPER = Step(
    _("Name it in docker's configuration, in place of the entry under “auths”."),
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
        "Or, on this site's own machine, name it in the plan of the command refresh_pull_secrets,"
        " which writes the file and renews it in time."
    ),
    """\
[[file]]
path = "/run/registries/@file@"
form = "@form@"
registries = [@names@]""",
    "/etc/registries/pull.toml",
)
APPLY = Step(
    _("Apply it. With --server-side kubectl keeps no copy of the Secret in an annotation."),
    "kubectl apply --server-side -f @file@",
)
DELETE = Step(_("Delete the downloaded file."), "rm @file@")
LET_IT_ASK = Step(
    _(
        "Let the cluster ask this site by itself: choose External Secrets, which renews the Secret"
        " in its place, or the kubelet, which needs no Secret. A CronJob that applies the Secret is"
        " in this project's docs/kubernetes."
    )
)
