"""Hands credentials over to docker, podman, Kubernetes and other programs that pull images.

Each form is a value in a file of its own. A new form is that file, and its name in FORMS.
"""

from registries.handover.credential import PullCredential
from registries.handover.docker import docker
from registries.handover.form import Form, Options, Paths
from registries.handover.gitlab import gitlab
from registries.handover.helper import helper
from registries.handover.json import json
from registries.handover.kubelet import kubelet
from registries.handover.kubernetes import kubernetes
from registries.handover.line import line
from registries.handover.podman import podman
from registries.handover.refusals import HandoverRefused

__all__ = ["FORMS", "Form", "HandoverRefused", "Options", "Paths", "PullCredential"]

FORMS: dict[str, Form] = {
    form.slug: form for form in (json, docker, podman, kubernetes, gitlab, helper, kubelet, line)
}
