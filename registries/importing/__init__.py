"""Importing registries from the files of other programs.

A form is a value, and one file here: a new program is its file and its name in FORMS. It reads
entries; `planning` says what would become of each, and `writing` writes those that are chosen.
"""

from registries.importing.argocd import argocd
from registries.importing.diun import diun
from registries.importing.docker import docker
from registries.importing.drydock import drydock
from registries.importing.form import Form
from registries.importing.komodo import komodo
from registries.importing.kubernetes import kubernetes
from registries.importing.podman import podman
from registries.importing.portainer import portainer
from registries.importing.reading import Unreadable
from registries.importing.regctl import regctl
from registries.importing.renovate import renovate
from registries.importing.ssm import ssm
from registries.importing.wud import wud

__all__ = ["FORMS", "Form", "Unreadable"]

FORMS: dict[str, Form] = {
    form.slug: form
    for form in (
        *(docker, podman, kubernetes, wud, drydock, ssm, portainer, diun, argocd, renovate),
        *(regctl, komodo),
    )
}
