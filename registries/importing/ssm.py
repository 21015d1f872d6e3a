"""Registries of Squirrel Servers Manager: an export of its MongoDB, or its API's list.

Source: SquirrelServersManager, server/src/data/database/model/ContainerRegistry.ts.
"""

from collections.abc import Iterator

from registries.importing.documents import read_documents
from registries.importing.entry import Found, Refused, safe_name
from registries.importing.environment import UNKNOWN
from registries.importing.form import Form
from registries.importing.providers import WUD, from_provider
from registries.text import Text
from registries.text import gettext_noop as _

LEFT_OUT = _("This list leaves the secrets out: export the database instead.")


def _read(text: str) -> Iterator[Found]:
    for number, registry in enumerate(read_documents(text, "provider"), 1):
        name = safe_name(registry.get("name"), f"({number})")
        provider, auth = WUD.get(str(registry.get("provider", "")).lower()), registry.get("auth")
        if provider is None:
            yield Refused(name, Text(UNKNOWN))
            continue
        auth = auth if isinstance(auth, dict) else {}
        values = {key: value for key, value in auth.items() if isinstance(value, str)}
        is_left_out = not values and str(registry.get("authSet")).lower() == "true"
        missing = {"secret": Text(LEFT_OUT)} if is_left_out else {}
        yield from_provider(provider, name, values, missing)


ssm = Form(slug="ssm", label=_("Squirrel Servers Manager: MongoDB export or API list"), read=_read)
