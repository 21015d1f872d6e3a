"""A JSON object of strings, for scripts and for webhooks of the External Secrets Operator.

The operator makes each key a key of the Secret. Source: external-secrets,
docs/api/generator/webhook.md.
"""

from collections.abc import Sequence

from registries.handover.credential import PullCredential
from registries.handover.form import (
    JSON,
    Form,
    Options,
    Paths,
    basic_auth,
    dockerconfigjson,
    dump_json,
    kubernetes_key,
    rfc3339,
)
from registries.text import gettext_noop as _


def _render(credentials: Sequence[PullCredential], _options: Options) -> str:
    credential = credentials[0]
    return dump_json(
        {
            "registry": credential.place,
            "username": credential.username,
            "password": credential.password,
            "auth": basic_auth(credential),
            "dockerconfigjson": dockerconfigjson(credentials),
            "expires_at": rfc3339(credential.expires_at),
        }
    )


json = Form(
    slug="json",
    label=_("External Secrets and scripts: JSON"),
    content_type=JSON,
    render=_render,
    key=kubernetes_key,
    paths=Paths.SUPPORTED,
    globs=True,
)
