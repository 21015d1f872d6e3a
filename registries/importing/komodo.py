"""Komodo's registry accounts: core.config.toml, or the API's and the database's lists in JSON.

Source: moghtech/komodo, client/core/rs/src/entities/config/core.rs and provider.rs.
"""

from collections.abc import Iterator
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.auths import NO_LOGIN
from registries.importing.documents import read_documents
from registries.importing.entry import Found, Refused
from registries.importing.form import Form
from registries.importing.logins import login
from registries.importing.places import NoPlace, parse_place
from registries.importing.reading import Unreadable, read_toml
from registries.reference import HUB
from registries.text import Text
from registries.text import gettext_noop as _

# The names of the table: since Komodo 2.3, and before.
TABLES = ("image_registry", "image_registries", "docker_registry", "docker_registries")


def _read(text: str) -> Iterator[Found]:
    start = text.lstrip()
    if start.startswith("{") or (start.startswith("[") and not start.startswith("[[")):
        accounts = [(item.get("domain"), item) for item in read_documents(text, "domain")]
    else:
        accounts = list(_accounts(read_toml(text)))
    for number, (domain, account) in enumerate(accounts, 1):
        yield _registry(domain, account, number)


def _accounts(config: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    tables = [
        table for name in TABLES if isinstance(config.get(name), list) for table in config[name]
    ]
    if not tables:
        raise Unreadable(_("There is no [[image_registry]] or [[docker_registry]] in this."))
    for table in tables:
        accounts = table.get("accounts") if isinstance(table, dict) else None
        for account in accounts if isinstance(accounts, list) else []:
            yield table.get("domain"), account


@sensitive_variables()
def _registry(domain: Any, account: Any, number: int) -> Found:
    try:
        place = parse_place(domain if isinstance(domain, str) and domain else HUB, over_tls=True)
    except NoPlace as error:
        return Refused(f"({number})", error.text)
    if not isinstance(account, dict):
        return Refused(place.text, Text(_("This is no registry.")))
    user, secret = (
        value if isinstance(value := account.get(name), str) else ""
        for name in ("username", "token")
    )
    if not user:
        return Refused(place.text, Text(NO_LOGIN))
    missing = Text(_("Komodo's API leaves tokens out: import its file or database."))
    return login(place, user, secret, missing=None if secret else missing)


komodo = Form(slug="komodo", label=_("Komodo: core.config.toml or list of accounts"), read=_read)
