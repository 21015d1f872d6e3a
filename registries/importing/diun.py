"""Diun's registry options: `regopts` in YAML, or the variables DIUN_REGOPTS_<KEY>_….

Source: crazy-max/diun, internal/model/regopts.go and docs/config/regopts.md. Names of options are
compared without regard to case, and a variable's _ separates them (crazy-max/gonfig, env/env.go).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.entry import Entry, Found, Refused, safe_name
from registries.importing.environment import (
    ELSEWHERE,
    REFERENCE,
    TWICE,
    UNDERSCORE,
    Variable,
    variables,
)
from registries.importing.form import Form
from registries.importing.logins import login
from registries.importing.places import NoPlace, parse_place
from registries.importing.providers import TRUE
from registries.importing.reading import Unreadable, read_yaml
from registries.text import Text
from registries.text import gettext_noop as _

PREFIX = "DIUN_REGOPTS_"
_YAML = re.compile(r"^[ \t{]*[\"']?regopts[\"']?[ \t]*:", re.MULTILINE | re.IGNORECASE)
INSECURE = _(
    "Diun was told not to verify its certificate, or to use http. The row verifies it: change that"
    " by hand if it has to be."
)


def _read(text: str) -> Iterator[Found]:
    return _of_yaml(text) if _YAML.search(text) else _of_environment(text)


def _of_yaml(text: str) -> Iterator[Found]:
    files = [_lowered(item) for item in read_yaml(text) if isinstance(item, dict)]
    lists = [item["regopts"] for item in files if "regopts" in item]
    if not lists or not all(isinstance(item, list) for item in lists):
        raise Unreadable(_("There is no list “regopts” in this."))
    for number, option in enumerate((option for item in lists for option in item), 1):
        if isinstance(option, dict):
            yield _registry(_lowered(option), f"({number})")
        else:
            yield Refused(f"({number})", Text(_("This is no registry.")))


def _lowered(mapping: dict[Any, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in mapping.items()}


def _of_environment(text: str) -> Iterator[Found]:
    options: dict[str, dict[str, Variable | None]] = {}
    for name, variable in variables(text, PREFIX).items():
        key, _mark, rest = name.removeprefix(PREFIX).partition("_")
        options.setdefault(key, {})[rest.lower()] = variable
    for key, option in options.items():
        yield _of_variables(key.lower(), option)


@sensitive_variables()
def _of_variables(key: str, option: Mapping[str, Variable | None]) -> Found:
    if any("_" in name for name in option):
        return Refused(key, Text(UNDERSCORE))
    values: dict[str, str] = {}
    missing: Text | None = None
    for name, variable in option.items():
        if variable is None:
            return Refused(key, Text(TWICE))
        if not variable.is_reference:
            values[name] = variable.value
        elif name in {"username", "password"}:
            missing = Text(REFERENCE)
        elif name in {"name", "selector"}:
            return Refused(key, Text(REFERENCE))
    return _registry(values, key, missing)


@sensitive_variables()
def _registry(option: Mapping[str, Any], otherwise: str, missing: Text | None = None) -> Found:
    """The entry for one registry's options. missing: why its login is not in the file."""
    name = safe_name(option.get("name"), otherwise)
    if option.get("selector") != "image":
        text = _("It is chosen by its name, and the file does not say for which host.")
        return Refused(name, Text(text))
    try:
        place = parse_place(str(option.get("name") or ""))
    except NoPlace as error:
        return Refused(name, error.text)
    user, secret = (option.get(key) or "" for key in ("username", "password"))
    if not isinstance(user, str) or not isinstance(secret, str):
        return Refused(name, Text(_("This is no registry.")))
    # Diun reads a file only where the option itself is not set.
    is_elsewhere = any(
        option.get(f"{key}file") and not option.get(key) for key in ("username", "password")
    )
    entry = login(place, user, secret, missing=Text(ELSEWHERE) if is_elsewhere else missing)
    if isinstance(entry, Entry) and str(option.get("insecuretls")).lower() in {*TRUE, "t"}:
        entry = replace(entry, lost=(Text(INSECURE),))
    return entry


diun = Form(slug="diun", label=_("Diun: diun.yml, environment or compose file"), read=_read)
