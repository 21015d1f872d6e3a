"""Programs that run containers, or fetch for who does."""

from registries.handover.consumers.consumer import (
    DELETE,
    HELPER,
    NAME_HELPER,
    REFRESHED,
    Consumer,
    Page,
    Step,
)
from registries.handover.docker import docker as docker_form
from registries.handover.podman import podman as podman_form
from registries.text import gettext_noop as _

docker = Consumer(
    slug="docker",
    label=_("Docker"),
    summary=_("docker pull, Compose, BuildKit"),
    form=docker_form,
    file="config.json",
    many=True,
    steps=(
        Step(
            _("If the account that pulls has no ~/.docker/config.json yet, put the file there."),
            "install -D -m 600 @file@ ~/.docker/config.json",
        ),
        Step(
            _("If it has one, add the entry to it."),
            """\
umask 077
jq -s '.[0] * .[1]' ~/.docker/config.json @file@ > merged.json
mv merged.json ~/.docker/config.json""",
        ),
        Step(_("Pull an image."), "docker pull @image@"),
        DELETE,
    ),
    notes=(
        _(
            "Docker Desktop keeps logins in a “credsStore”, and docker does not read this entry"
            " beside one: use the credential helper there."
        ),
        _("Compose, BuildKit, crane and oras read the same file."),
        _(
            "In a container, mount the directory and not the file: when the file is replaced, the"
            " container still sees the old one."
        ),
    ),
    renewal=(HELPER, NAME_HELPER, REFRESHED),
    pages=(
        Page(
            _("Docker: docker login, and where it keeps credentials"),
            "https://docs.docker.com/reference/cli/docker/login/",
        ),
    ),
)

podman = Consumer(
    slug="podman",
    label=_("Podman, Skopeo, Buildah"),
    summary=_("auth.json of the containers tools"),
    form=podman_form,
    file="auth.json",
    many=True,
    steps=(
        Step(
            _("Try it with the file where it is."),
            """\
podman pull --authfile @file@ @image@
skopeo inspect --authfile @file@ docker://@image@""",
        ),
        Step(
            _("To keep it for an account that has no auth.json yet, put it there."),
            "install -D -m 600 @file@ ~/.config/containers/auth.json",
        ),
        Step(
            _("If it has one, add the entry to it."),
            """\
umask 077
jq -s '.[0] * .[1]' ~/.config/containers/auth.json @file@ > merged.json
mv merged.json ~/.config/containers/auth.json""",
        ),
        DELETE,
    ),
    notes=(
        _(
            "podman login writes to a directory that is lost when the machine starts again, and"
            " that is read first: log out there if an older login is in the way."
        ),
        _("Several entries for one host may stand there: the longest prefix that fits is used."),
    ),
    renewal=(
        HELPER,
        Step(
            _("Name it in the same file; for root that is /root/.config/containers/auth.json."),
            """\
{
  "credHelpers": {
@helpers@
  }
}""",
            "~/.config/containers/auth.json",
        ),
        REFRESHED,
    ),
    pages=(
        Page(
            _("Podman: podman login, and where it keeps credentials"),
            "https://docs.podman.io/en/latest/markdown/podman-login.1.html",
        ),
    ),
)

helm = Consumer(
    slug="helm",
    label=_("Helm"),
    summary=_("charts kept in registries"),
    form=docker_form,
    file="config.json",
    many=True,
    steps=(
        Step(
            _("Pull a chart with the file where it is."),
            "helm pull oci://@place@/CHART --registry-config @file@",
        ),
        Step(
            _("To keep it for an account that is not signed in with Helm yet, put it there."),
            "install -D -m 600 @file@ ~/.config/helm/registry/config.json",
        ),
        DELETE,
    ),
    notes=(
        _(
            "This is for the chart. The images of its Pods are pulled by the cluster: hand these"
            " over as a Kubernetes pull secret."
        ),
        _("Argo CD and Flux fetch charts with their own credentials, not with this file."),
    ),
    renewal=(
        HELPER,
        Step(
            _("Name it in Helm's configuration."),
            NAME_HELPER.code,
            "~/.config/helm/registry/config.json",
        ),
    ),
    pages=(Page(_("Helm: registries"), "https://helm.sh/docs/topics/registries/"),),
)

nomad = Consumer(
    slug="nomad",
    label=_("Nomad"),
    summary=_("the docker driver of each client"),
    form=docker_form,
    file="docker-auth.json",
    many=True,
    steps=(
        Step(
            _("Put the file on each client."),
            "sudo install -m 600 @file@ /etc/nomad-docker-auth.json",
        ),
        Step(
            _("Name it in the client's configuration."),
            """\
plugin "docker" {
  config {
    auth {
      config = "/etc/nomad-docker-auth.json"
    }
  }
}""",
            "/etc/nomad.d/docker.hcl",
        ),
        Step(_("Restart the client."), "sudo systemctl restart nomad"),
        Step(
            _("Name an image in a job."),
            """\
config {
  image = "@image@"
}""",
            "job.nomad.hcl",
        ),
        DELETE,
    ),
    notes=(
        _(
            "Keep it out of /etc/nomad.d: Nomad takes every .json file in there for its own"
            " configuration."
        ),
        _("A task may have an “auth” of its own, which is used instead."),
    ),
    renewal=(
        HELPER,
        Step(
            _("Name it in the client's configuration, in place of the file."),
            """\
plugin "docker" {
  config {
    auth {
      helper = "registries"
    }
  }
}""",
            "/etc/nomad.d/docker.hcl",
        ),
    ),
    pages=(
        Page(
            _("Nomad: authentication of the docker driver"),
            "https://developer.hashicorp.com/nomad/docs/drivers/docker#authentication",
        ),
    ),
)
