"""auth.json of podman, skopeo and buildah, and GitLab's DOCKER_AUTH_CONFIG: keys may have paths.

Source: containers-auth.json(5).
"""

from registries.importing.auths import Keys, read_auths
from registries.importing.form import Form
from registries.importing.reading import read_json
from registries.text import gettext_noop as _

podman = Form(
    slug="podman",
    label=_("Podman, Skopeo, Buildah: auth.json"),
    read=lambda text: read_auths(read_json(text), Keys.PATHS),
)
