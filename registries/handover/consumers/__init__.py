"""The programs that credentials are handed to, each with instructions.

A new program is a value in one of the modules here, and its name in CONSUMERS.
"""

from registries.handover.consumers.clusters import (
    argo_cd,
    external_secrets,
    flux,
    kubelet,
    kubernetes,
)
from registries.handover.consumers.consumer import Consumer, Step
from registries.handover.consumers.engines import docker, helm, nomad, podman
from registries.handover.consumers.pipelines import github_actions, gitlab_ci, jenkins

__all__ = ["CONSUMERS", "Consumer", "Step"]

CONSUMERS: dict[str, Consumer] = {
    consumer.slug: consumer
    for consumer in (
        *(docker, podman, kubernetes, helm, argo_cd, flux),
        *(external_secrets, gitlab_ci, github_actions, jenkins, nomad, kubelet),
    )
}
