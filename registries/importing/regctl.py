"""regctl's and regsync's own config.json.

Source: regclient, config/host.go and cmd/regctl/config.go.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.auths import elsewhere
from registries.importing.entry import Entry, Found, Refused, safe_name
from registries.importing.form import Form
from registries.importing.logins import IDENTITY, login
from registries.importing.places import NoPlace, Place, parse_place
from registries.importing.reading import Unreadable, read_json
from registries.text import Text
from registries.text import gettext_noop as _


def _read(text: str) -> Iterator[Found]:
    config = read_json(text)
    hosts = config.get("hosts") if isinstance(config, dict) else None
    if not isinstance(hosts, dict):
        raise Unreadable(_("There are no “hosts” in this."))
    for number, (key, host) in enumerate(hosts.items(), 1):
        yield _registry(key, number, host)


@sensitive_variables()
def _registry(key: str, number: int, host: Any) -> Found:
    try:
        place = parse_place(key)
    except NoPlace as error:
        return Refused(f"({number})", error.text)
    if not isinstance(host, dict):
        return Refused(place.text, Text(_("This is no registry.")))
    if helper := host.get("credHelper"):
        return elsewhere(place.text, helper)
    if host.get("token"):
        return Refused(place.text, Text(IDENTITY))
    if place.path:
        return Refused(place.text, Text(_("regctl itself does not read a name with a path.")))
    try:
        place = _address(place, host)
    except NoPlace as error:
        return Refused(place.text, error.text)
    user, secret, ca = (
        value if isinstance(value := host.get(name), str) else ""
        for name in ("user", "pass", "regcert")
    )
    missing = Text(_("“regctl config get” leaves it out: import the file.")) if user else None
    entry = login(place, user, secret, missing=None if secret else missing)
    if isinstance(entry, Entry):
        entry = replace(entry, ca_certificate=ca, verify_tls=host.get("tls") != "insecure")
    return entry


def _address(place: Place, host: dict[str, Any]) -> Place:
    """Return the place with the scheme that regctl uses. Raises NoPlace for another host name."""
    hostname = host.get("hostname")
    if isinstance(hostname, str) and hostname:
        other = parse_place(hostname)
        if other.host != place.host:
            text = _("Images are named by %(host)s, but read from another host.")
            raise NoPlace(Text(text, {"host": safe_name(place.host)}))
    scheme = "http" if host.get("tls") == "disabled" else "https"
    return Place(scheme, place.host, place.path)


regctl = Form(slug="regctl", label=_("regctl, regsync: config.json"), read=_read)
