"""`user:password` in one line, the output that Argo CD Image Updater expects of scripts.

It splits the line at the first colon (registry-scanner/pkg/image/credentials.go).
"""

from registries.handover.form import TEXT, Form, Paths, docker_key
from registries.text import gettext_noop as _

line = Form(
    slug="line",
    label=_("Argo CD Image Updater: user:password"),
    content_type=TEXT,
    render=lambda credentials, _options: f"{credentials[0].username}:{credentials[0].password}",
    key=docker_key,
    paths=Paths.PER_IMAGE,
)
