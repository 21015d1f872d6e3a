"""Argo CD Image Updater: registries.conf, alone or in its ConfigMap, with the Secrets it refers to.

Source: argocd-image-updater, docs/configuration/registries.md.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.auths import logins
from registries.importing.entry import Entry, Found, Refused, safe_name
from registries.importing.form import Form
from registries.importing.kubernetes import objects, secret_value
from registries.importing.logins import login
from registries.importing.places import NoPlace, Place, parse_place
from registries.importing.providers import TRUE
from registries.importing.reading import Unreadable, read_json, read_yaml
from registries.text import Text
from registries.text import gettext_noop as _

FILE, PULL_SECRET = "registries.conf", ".dockerconfigjson"
BY_REFERENCE = _("Its login is elsewhere, and was not looked up: enter it by hand.")
NO_SUCH_SECRET = _("Its login is in a Secret. Put that into the same file, or enter it by hand.")
CA_FILE = _("Its CA certificate is in another file: paste it into the row.")

Secrets = dict[str, dict[str, Any]]


def _read(text: str) -> Iterator[Found]:
    configs: list[dict[str, Any]] = []
    secrets: Secrets = {}
    for obj in objects(text):
        data, metadata = obj.get("data"), obj.get("metadata")
        if obj.get("kind") == "ConfigMap" and isinstance(data, dict) and FILE in data:
            configs += [
                config for config in read_yaml(data[FILE] or "") if isinstance(config, dict)
            ]
        elif obj.get("kind") == "Secret" and isinstance(metadata, dict):
            secrets[f"{metadata.get('namespace')}/{metadata.get('name')}"] = obj
        else:
            configs.append(obj)
    lists = [rows for config in configs if isinstance(rows := config.get("registries"), list)]
    if not lists:
        raise Unreadable(_("There is no list “registries” in this."))
    for number, registry in enumerate(chain(*lists), 1):
        yield _registry(registry, number, secrets)


@sensitive_variables()
def _registry(registry: Any, number: int, secrets: Secrets) -> Found:
    if not isinstance(registry, dict):
        return Refused(f"({number})", Text(_("This is no registry.")))
    name = safe_name(registry.get("name"), f"({number})")
    address, prefix = (str(registry.get(key) or "") for key in ("api_url", "prefix"))
    try:
        api = parse_place(address or prefix)
        place = parse_place(prefix) if prefix else api
        if place.host != api.host:
            text = _("Images are named by %(host)s, but read from another host.")
            return Refused(name, Text(text, {"host": place.host}))
        place = Place(api.scheme, *place[1:])
        user, secret, missing = _credentials(str(registry.get("credentials") or ""), place, secrets)
    except NoPlace as error:
        return Refused(name, error.text)
    except Unreadable as error:
        return Refused(name, error.text)
    entry = login(place, user, secret, name=name, missing=missing)
    if isinstance(entry, Entry):
        ca = registry.get("ca_data")
        entry = replace(
            entry,
            verify_tls=str(registry.get("insecure")).lower() not in TRUE,
            ca_certificate=ca if isinstance(ca, str) else "",
            lost=(Text(CA_FILE),) if registry.get("ca_file") else (),
        )
    return entry


@sensitive_variables()
def _credentials(reference: str, place: Place, secrets: Secrets) -> tuple[str, str, Text | None]:
    """Return user, secret, and why they are missing.

    Scripts are not run, and this site's environment variables are not read.
    """
    scheme, _colon, rest = reference.partition(":")
    if not reference:
        return "", "", None
    if scheme not in {"secret", "pullsecret"}:
        return "", "", Text(BY_REFERENCE)
    path, _hash, key = rest.partition("#")
    obj = secrets.get(path)
    if obj is None:
        return "", "", Text(NO_SUCH_SECRET)
    if scheme == "secret":
        user, _colon, secret = (secret_value(obj, key) or "").strip().partition(":")
        return (user, secret, None) if secret else ("", "", Text(NO_SUCH_SECRET))
    for name, user, secret in logins(read_json(secret_value(obj, PULL_SECRET) or "{}")):
        if name == place.host:
            return user, secret, None
    return "", "", Text(NO_SUCH_SECRET)


argocd = Form(slug="argocd", label=_("Argo CD Image Updater: registries.conf"), read=_read)
