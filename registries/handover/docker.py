"""docker's config.json, which docker, BuildKit, Helm, crane and others read.

Docker ignores the path of a key and sends the login to the whole host
(docker/cli, cli/config/credentials/file_store.go), so no key may have a path.
"""

from registries.handover.form import JSON, Form, Paths, bare_auths, docker_key
from registries.text import gettext_noop as _

docker = Form(
    slug="docker",
    label=_("Docker: config.json"),
    content_type=JSON,
    render=lambda credentials, _options: bare_auths(credentials, docker_key),
    key=docker_key,
    paths=Paths.IGNORED,
    many=True,
)
