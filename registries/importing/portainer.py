"""Portainer's list, `GET /api/registries`. Portainer leaves the passwords out.

Source: portainer, api/http/handler/registries/handler.go, hideFields.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.documents import read_documents
from registries.importing.entry import Entry, Found, Refused, safe_name
from registries.importing.form import Form
from registries.importing.logins import login
from registries.importing.places import NoPlace, Place, parse_place
from registries.reference import HUB as HUB_NAME
from registries.text import Text
from registries.text import gettext_noop as _

BLANKED = _("Portainer does not show passwords: enter it by hand.")
# Portainer's numbers for the types of registries that have more than an address.
GITLAB, HUB, ECR = 4, 6, 7


def _read(text: str) -> Iterator[Found]:
    for number, registry in enumerate(read_documents(text, "URL"), 1):
        name = safe_name(registry.get("Name"), f"({number})")
        try:
            yield _registry(registry, name)
        except NoPlace as error:
            yield Refused(name, error.text)


@sensitive_variables()
def _registry(registry: dict[str, Any], name: str) -> Found:
    place = _place(registry)
    user, secret = (str(registry.get(key) or "") for key in ("Username", "Password"))
    signs_in = bool(registry.get("Authentication"))
    if not signs_in:
        return login(place, "", "", name=name)
    if registry.get("Type") == ECR:
        region = _inner(registry, "Ecr", "Region")
        values = {"region": region, "accesskey": user, "secretaccesskey": secret}
        values = {key: value for key, value in values.items() if value}
        return Entry(
            name=name, kind="ecr", values=values, missing=None if secret else Text(BLANKED)
        )
    entry = login(place, user, secret, name=name, missing=None if secret else Text(BLANKED))
    instance = _inner(registry, "Gitlab", "InstanceURL")
    if registry.get("Type") == GITLAB and instance and isinstance(entry, Entry):
        values = {**entry.values, "url": place.url, "authurl": instance}
        if "login" in values:
            values["username"], values["token"] = values.pop("login"), values.pop("password")
        entry = replace(entry, kind="gitlab", values=values)
    return entry


def _place(registry: dict[str, Any]) -> Place:
    """Return the place of a registry; GitLab's is for one project. Raises NoPlace."""
    address = HUB_NAME if registry.get("Type") == HUB else str(registry.get("URL") or "")
    place = parse_place(address, over_tls=True)
    project = _inner(registry, "Gitlab", "ProjectPath")
    if registry.get("Type") == GITLAB and project and not place.path:
        place = parse_place(f"{place.url}/{project.lower()}")
    return place


def _inner(registry: dict[str, Any], name: str, key: str) -> str:
    inner = registry.get(name)
    value = inner.get(key) if isinstance(inner, dict) else None
    return value if isinstance(value, str) else ""


portainer = Form(slug="portainer", label=_("Portainer: list of the API"), read=_read)
