"""Pull secrets of Kubernetes, as `kubectl get secret -o yaml` writes one or several.

Source: kubernetes, pkg/credentialprovider/config.go.
"""

import base64
from collections.abc import Iterator
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.auths import Keys, read_auths
from registries.importing.entry import Found, Refused, safe_name
from registries.importing.form import Form
from registries.importing.logins import ENCRYPTED
from registries.importing.reading import Unreadable, decode, read_json, read_yaml
from registries.text import Text
from registries.text import gettext_noop as _

# The key that has docker's file, by the type of the Secret.
FILES = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}


@sensitive_variables()
def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except Unreadable:
        return False
    return True


@sensitive_variables()
def objects(text: str) -> list[dict[str, Any]]:
    """Return the objects of all documents and lists of a file. Raises Unreadable."""
    # JSON may be indented with tabs, as docker's file is, and YAML may not.
    documents = [read_json(text)] if _is_json(text) else read_yaml(text)
    result, stack = [], documents[::-1]
    while stack:
        obj = stack.pop()
        items = obj.get("items") if isinstance(obj, dict) else None
        if isinstance(items, list) and str(obj.get("kind", "")).endswith("List"):
            stack += items[::-1]
        elif isinstance(obj, dict):
            result.append(obj)
    return result


@sensitive_variables()
def secret_value(secret: dict[str, Any], key: str) -> str | None:
    """Return a key's text. `stringData` overrides `data`, as in Kubernetes. Raises Unreadable."""
    plain, encoded = secret.get("stringData"), secret.get("data")
    if isinstance(plain, dict) and isinstance(plain.get(key), str):
        return str(plain[key])
    if not isinstance(encoded, dict) or not isinstance(encoded.get(key), str):
        return None
    packed = "".join(encoded[key].split())
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except ValueError:
        data = None
    if data is None:
        raise Unreadable(_("What stands under “data” is not base64."))
    return decode(data)


def name_of(secret: dict[str, Any]) -> str:
    metadata = secret.get("metadata")
    return safe_name(metadata.get("name") if isinstance(metadata, dict) else "", "Secret")


def _read(text: str) -> Iterator[Found]:
    is_any = False
    for obj in objects(text):
        if "sops" in obj:
            yield Refused(name_of(obj), Text(ENCRYPTED))
        elif obj.get("kind") == "SealedSecret":
            sealed = _("Only the cluster can open a SealedSecret: import the Secret it makes.")
            yield Refused(name_of(obj), Text(sealed))
        elif "auths" in obj:
            yield from read_auths(obj, Keys.GLOBS)
        elif obj.get("kind") == "Secret" and (key := FILES.get(str(obj.get("type")))):
            yield from _secret(obj, key)
        else:
            continue
        is_any = True
    if not is_any:
        raise Unreadable(_("There is no pull secret in this: its type ends with dockerconfigjson."))


def _secret(secret: dict[str, Any], key: str) -> Iterator[Found]:
    try:
        config = secret_value(secret, key)
        if config is not None:
            yield from read_auths(read_json(config), Keys.GLOBS)
            return
        reason = Text(_("This Secret holds no login."))
    except Unreadable as error:
        reason = error.text
    yield Refused(name_of(secret), reason)


kubernetes = Form(
    slug="kubernetes",
    label=_("Kubernetes: pull secret"),
    read=_read,
    # What is inside of a Secret is like docker's file.
    requires="kind",
)
