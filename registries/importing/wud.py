"""The environment of What's Up Docker: WUD_REGISTRY_*, from `.env` or a compose file."""

from registries.importing.environment import read_environment
from registries.importing.form import Form
from registries.importing.providers import WUD
from registries.text import gettext_noop as _

wud = Form(
    slug="wud",
    label=_("What's Up Docker: environment or compose file"),
    read=lambda text: read_environment(text, "WUD_REGISTRY_", WUD),
)
