"""Diun's configuration: `regopts` in YAML.

Source: crazy-max/diun, internal/model/regopts.go.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.entry import Entry, Found, Refused, shown
from registries.importing.environment import ELSEWHERE
from registries.importing.form import Form
from registries.importing.logins import login
from registries.importing.places import NoPlace, parse_place
from registries.importing.providers import TRUE
from registries.importing.reading import Unreadable, read_yaml
from registries.text import Text
from registries.text import gettext_noop as _

INSECURE = _(
    "Diun was told not to verify its certificate, or to use http. The row verifies it: change that"
    " by hand if it has to be."
)


def _read(text: str) -> Iterator[Found]:
    options = [each for each in read_yaml(text) if isinstance(each, dict) and "regopts" in each]
    if not options or not all(isinstance(each["regopts"], list) for each in options):
        raise Unreadable(_("There is no list “regopts” in this."))
    for number, option in enumerate((o for each in options for o in each["regopts"]), 1):
        yield _registry(option, number)


@sensitive_variables()
def _registry(option: Any, number: int) -> Found:
    if not isinstance(option, dict):
        return Refused(f"({number})", Text(_("This is no registry.")))
    name = shown(option.get("name"), f"({number})")
    if option.get("selector") != "image":
        text = _("It is chosen by its name, and the file does not say for which host.")
        return Refused(name, Text(text))
    try:
        place = parse_place(option.get("name") or "")
    except NoPlace as error:
        return Refused(name, error.text)
    user, secret = (option.get(key) or "" for key in ("username", "password"))
    if not isinstance(user, str) or not isinstance(secret, str):
        return Refused(name, Text(_("This is no registry.")))
    is_file = any(option.get(key) for key in ("usernameFile", "passwordFile"))
    found = login(place, user, secret, missing=Text(ELSEWHERE) if is_file else None)
    if isinstance(found, Entry) and str(option.get("insecureTLS")).lower() in TRUE:
        found = replace(found, lost=(Text(INSECURE),))
    return found


diun = Form(slug="diun", label=_("Diun: diun.yml"), read=_read)
