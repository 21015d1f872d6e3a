"""auth.json of podman, skopeo and buildah, whose keys may be namespaces; the longest match is used.

They read only `auth`. Source: containers/image, pkg/docker/config/config.go.
"""

from registries.handover.form import JSON, Form, Paths, bare_auths, namespaced_key
from registries.text import gettext_noop as _

podman = Form(
    slug="podman",
    label=_("Podman, Skopeo, Buildah: auth.json"),
    content_type=JSON,
    render=lambda credentials, _options: bare_auths(credentials, namespaced_key),
    key=namespaced_key,
    paths=Paths.SUPPORTED,
    many=True,
)
