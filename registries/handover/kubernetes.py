"""A Kubernetes Secret of the type kubernetes.io/dockerconfigjson, for imagePullSecrets."""

import base64
from collections.abc import Sequence

from registries.handover.credential import PullCredential
from registries.handover.form import (
    YAML,
    Form,
    Options,
    Paths,
    dockerconfigjson,
    first_end,
    kubernetes_key,
    moment,
)
from registries.text import gettext_noop as _

# Labels and annotations of ours begin with it.
OURS = "django-registries"


def _render(credentials: Sequence[PullCredential], options: Options) -> str:
    import yaml  # noqa: PLC0415 - takes long to load, and few sites need it

    ids = [str(each) for each in options.ids]
    default = f"registry-{ids[0]}" if len(ids) == 1 else "registries"
    annotations = {
        f"{OURS}/registry-id": ",".join(ids),
        f"{OURS}/fingerprint": options.fingerprint,
    }
    if end := first_end(credentials):
        annotations[f"{OURS}/expires-at"] = moment(end)
    metadata = {
        "name": options.name or default,
        **({"namespace": options.namespace} if options.namespace else {}),
        "labels": {"app.kubernetes.io/managed-by": "registries"},
        "annotations": annotations,
    }
    content = base64.b64encode(dockerconfigjson(credentials).encode()).decode()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": content},
    }
    # In one line, however long: what is encoded is not meant to be read.
    return yaml.safe_dump(secret, sort_keys=False, width=float("inf"))


kubernetes = Form(
    slug="kubernetes",
    label=_("Kubernetes: pull secret"),
    content_type=YAML,
    render=_render,
    key=kubernetes_key,
    paths=Paths.KEPT,
    many=True,
    globs=True,
    longest=2**20,
)
