"""One JSON object of texts: what the webhook of a secret operator reads, and scripts.

Source: external-secrets, docs/api/generator/webhook.md: every key becomes one of the Secret's.
"""

from collections.abc import Sequence

from registries.handover.credential import PullCredential
from registries.handover.form import (
    JSON,
    Form,
    Options,
    Paths,
    auth,
    dockerconfigjson,
    dump,
    kubernetes_key,
    moment,
)
from registries.text import gettext_noop as _


def _render(credentials: Sequence[PullCredential], _options: Options) -> str:
    credential = credentials[0]
    return dump(
        {
            "registry": credential.place,
            "username": credential.username,
            "password": credential.password,
            "auth": auth(credential),
            "dockerconfigjson": dockerconfigjson(credentials),
            "expires_at": moment(credential.expires_at),
        }
    )


json = Form(
    slug="json",
    label=_("External Secrets and scripts: JSON"),
    content_type=JSON,
    render=_render,
    key=kubernetes_key,
    paths=Paths.KEPT,
    globs=True,
)
