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
    earliest_expiry,
    kubernetes_key,
    rfc3339,
)
from registries.text import gettext_noop as _

# The prefix of this app's annotations.
PREFIX = "django-registries"


def _render(credentials: Sequence[PullCredential], options: Options) -> str:
    import yaml  # noqa: PLC0415 - slow to load, and few sites need it

    ids = [str(pk) for pk in options.ids]
    default = f"registry-{ids[0]}" if len(ids) == 1 else "registries"
    annotations = {
        f"{PREFIX}/registry-id": ",".join(ids),
        f"{PREFIX}/fingerprint": options.fingerprint,
    }
    if expires_at := earliest_expiry(credentials):
        annotations[f"{PREFIX}/expires-at"] = rfc3339(expires_at)
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
    # Base64 is not meant to be read, so it stays in one line.
    return yaml.safe_dump(secret, sort_keys=False, width=float("inf"))


kubernetes = Form(
    slug="kubernetes",
    label=_("Kubernetes: pull secret"),
    content_type=YAML,
    render=_render,
    key=kubernetes_key,
    paths=Paths.SUPPORTED,
    many=True,
    globs=True,
    max_bytes=2**20,
)
