"""The environment of drydock: DD_REGISTRY_*, from `.env` or a compose file."""

from registries.importing.environment import read_environment
from registries.importing.form import Form
from registries.importing.providers import DRYDOCK
from registries.text import gettext_noop as _

drydock = Form(
    slug="drydock",
    label=_("drydock: environment or compose file"),
    read=lambda text: read_environment(text, "DD_REGISTRY_", DRYDOCK),
)
