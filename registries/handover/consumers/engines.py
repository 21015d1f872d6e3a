"""Programs that run containers, and Helm."""

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
            "Docker Desktop stores logins in a “credsStore”, and docker then ignores this entry."
            " Use the credential helper there."
        ),
        _("Compose, BuildKit, crane and oras read the same file."),
        _(
            "In a container, mount the directory and not the file. Otherwise the container still"
            " sees the old file after it is replaced."
        ),
    ),
    renewal=(HELPER, NAME_HELPER, REFRESHED),
    pages=(
        Page(
            _("Docker: docker login, and where it stores credentials"),
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
            _("If the account has no auth.json yet, put the file there."),
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
            "podman login writes to a directory that is read first, and is emptied when the"
            " machine restarts. Run podman logout if it has an older login."
        ),
        _("The file may have several entries for one host. The longest matching prefix is used."),
    ),
    renewal=(
        HELPER,
        Step(
            _("Enter it in the same file. For root, that is /root/.config/containers/auth.json."),
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
            _("Podman: podman login, and where it stores credentials"),
            "https://docs.podman.io/en/latest/markdown/podman-login.1.html",
        ),
    ),
)

helm = Consumer(
    slug="helm",
    label=_("Helm"),
    summary=_("charts in registries"),
    form=docker_form,
    file="config.json",
    many=True,
    steps=(
        Step(
            _("Pull a chart with the file where it is."),
            "helm pull oci://@place@/CHART --registry-config @file@",
        ),
        Step(
            _("If the account is not signed in with Helm yet, put the file there."),
            "install -D -m 600 @file@ ~/.config/helm/registry/config.json",
        ),
        DELETE,
    ),
    notes=(
        _(
            "This is for the chart. The cluster pulls the images of its Pods, and needs a"
            " Kubernetes pull secret for them."
        ),
        _("Argo CD and Flux download charts with their own credentials, not with this file."),
    ),
    renewal=(
        HELPER,
        Step(
            _("Enter it in Helm's configuration."),
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
            _("Enter it in the client's configuration."),
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
            _("Use an image in a job."),
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
            "Do not put it into /etc/nomad.d: Nomad reads every .json file there as its own"
            " configuration."
        ),
        _("If a task has its own “auth”, that is used instead."),
    ),
    renewal=(
        HELPER,
        Step(
            _("Enter it in the client's configuration, in place of the file."),
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
