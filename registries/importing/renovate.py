"""Renovate's hostRules, from JSON, JSON5 or the environment.

Source: renovatebot/renovate, docs/usage/docker.md, lib/modules/datasource/docker/common.ts,
lib/config/migrations/custom/host-rules-migration.ts for earlier names, and for the environment
lib/workers/global/config/parse/env.ts and host-rules-from-env.ts.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.auths import NO_LOGIN
from registries.importing.entry import Entry, Found, Refused, safe_name
from registries.importing.environment import REFERENCE, TWICE, Variable, variables
from registries.importing.form import Form
from registries.importing.logins import ENCRYPTED, login
from registries.importing.places import NoPlace, Place, parse_place
from registries.importing.providers import LOST
from registries.importing.reading import Unreadable, read_json5
from registries.kinds import cleaning
from registries.kinds.problem import Invalid
from registries.text import Text
from registries.text import gettext_noop as _

NO_RULES = _("There are no hostRules in this. A config.js is a program, and is not run.")
NO_HOST = _("This rule is for no host of its own.")
BELOW = _("Renovate also used this login for hosts below %(host)s.")
_PROGRAM = re.compile(r"^\s*(?:module\.exports|export\s+default|import\s|const\s)", re.MULTILINE)
# The variables that hold rules, or a configuration with some.
RULES = ("RENOVATE_HOST_RULES", "RENOVATE_CONFIG")
HOSTS = ("matchHost", "hostName", "domainName", "baseUrl", "endpoint", "host")
# What ends a variable's name, in lower case, and how a rule calls it.
FIELDS = {
    "username": "username",
    "password": "password",
    "token": "token",
    "httpscertificate": "httpsCertificate",
    "httpsprivatekey": "httpsPrivateKey",
    "httpscertificateauthority": "httpsCertificateAuthority",
}


def _read(text: str) -> Iterator[Found]:
    if text.lstrip()[:1] in {"{", "[", "/"}:
        yield from _of_rules(read_json5(text))
    elif _PROGRAM.search(text):
        raise Unreadable(NO_RULES)
    else:
        yield from _of_environment(text)


def _of_rules(config: Any) -> Iterator[Found]:
    """The entries of a parsed configuration, or of a list of rules. Raises Unreadable."""
    rules = config.get("hostRules") if isinstance(config, dict) else config
    if not isinstance(rules, list):
        raise Unreadable(NO_RULES)
    for number, rule in enumerate(rules, 1):
        # The rules of other host types sign in to no registry.
        if isinstance(rule, dict):
            kind = rule.get("hostType", rule.get("platform", "docker"))
            if kind == "docker":
                yield _registry(rule, f"({number})")


def _of_environment(text: str) -> Iterator[Found]:
    environment = variables(text, "RENOVATE_", "DOCKER_")
    is_any = False
    for name in RULES:
        if name in environment:
            is_any = True
            yield from _of_variable(name, environment[name])
    hosts: dict[str, dict[str, Variable | None]] = {}
    for name, variable in environment.items():
        # Two of _ stand for a hyphen, and one of them for a dot.
        parts = name.removeprefix("RENOVATE_").lower().replace("__", "-").split("_")
        if parts[0] == "docker" and parts[-1] in FIELDS:
            hosts.setdefault(".".join(parts[1:-1]), {})[FIELDS[parts[-1]]] = variable
    for host, fields in hosts.items():
        yield _of_fields(host, fields)
    if not (is_any or hosts):
        raise Unreadable(NO_RULES)


@sensitive_variables()
def _of_variable(name: str, variable: Variable | None) -> Iterator[Found]:
    """The rules in a variable. What is wrong with one leaves the others."""
    if variable is None or variable.is_reference:
        yield Refused(name, Text(REFERENCE if variable else TWICE))
        return
    try:
        yield from _of_rules(read_json5(variable.value))
    except Unreadable as error:
        yield Refused(name, error.text)


@sensitive_variables()
def _of_fields(host: str, fields: dict[str, Variable | None]) -> Found:
    """The rule that several variables make."""
    if not host:
        return Refused("DOCKER_…", Text(NO_HOST))
    if "." not in host:
        text = _("Renovate itself reads no variable for a host without a dot.")
        return Refused(host, Text(text))
    if None in fields.values():
        return Refused(host, Text(TWICE))
    rule = {name: field.value for name, field in fields.items() if field and not field.is_reference}
    is_elsewhere = any(field.is_reference for field in fields.values() if field)
    return _registry({"matchHost": host, **rule}, host, Text(REFERENCE) if is_elsewhere else None)


@sensitive_variables()
def _registry(rule: dict[str, Any], otherwise: str, missing: Text | None = None) -> Found:
    """The entry for a rule. missing: why its login is not in the file."""
    host = next((rule[name] for name in HOSTS if isinstance(rule.get(name), str)), None)
    name = safe_name(host, otherwise)
    if not isinstance(host, str) or host.startswith("."):
        return Refused(name, Text(NO_HOST))
    try:
        place = parse_place(host)
        user, secret = _pair(rule)
    except Invalid as error:
        return Refused(name, error.text)
    except NoPlace as error:
        return Refused(name, error.text)
    if rule.get("encrypted"):
        return Refused(place.text, Text(ENCRYPTED))
    if not (user or secret or missing):
        if rule.get("token"):
            text = _("This token is no user name with a password: enter these instead.")
            return Refused(place.text, Text(text))
        return Refused(place.text, Text(NO_LOGIN))
    if rule.get("insecureRegistry") is True:
        place = Place("http", place.host, place.path)
    entry = login(place, user, secret, missing=missing)
    if isinstance(entry, Entry):
        is_below = entry.kind == "custom" and "://" not in host
        has_key = any(rule.get(key) for key in ("httpsCertificate", "httpsPrivateKey"))
        lost = [Text(BELOW, {"host": place.host})] * is_below + [Text(LOST["clientkey"])] * has_key
        ca = rule.get("httpsCertificateAuthority")
        ca = ca.replace("\\n", "\n") if isinstance(ca, str) else ""
        entry = replace(entry, lost=tuple(lost), ca_certificate=ca)
    return entry


@sensitive_variables()
def _pair(rule: dict[str, Any]) -> tuple[str, str]:
    """User and secret. A token with the type Basic is what docker calls `auth`. Raises Invalid."""
    token = rule.get("token")
    if isinstance(token, str) and rule.get("authType") == "Basic":
        return cleaning.split_auth(token)
    user, secret = rule.get("username"), rule.get("password")
    return (user if isinstance(user, str) else "", secret if isinstance(secret, str) else "")


renovate = Form(
    slug="renovate", label=_("Renovate: hostRules, environment or compose file"), read=_read
)
