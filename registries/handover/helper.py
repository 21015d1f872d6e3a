"""A credential helper's response to `get`. Source: docker/docker-credential-helpers.

Nomad reads it as a map of strings (drivers/docker/utils.go), so every value is a string.
"""

from collections.abc import Sequence

from registries.handover.credential import PullCredential
from registries.handover.form import JSON, Form, Options, Paths, docker_key, dump_json
from registries.text import gettext_noop as _


def _render(credentials: Sequence[PullCredential], options: Options) -> str:
    credential = credentials[0]
    return dump_json(
        {
            "ServerURL": options.server or docker_key(credential),
            "Username": credential.username,
            "Secret": credential.password,
        }
    )


helper = Form(
    slug="helper",
    label=_("Credential helper"),
    content_type=JSON,
    render=_render,
    key=docker_key,
    paths=Paths.PER_IMAGE,
)
