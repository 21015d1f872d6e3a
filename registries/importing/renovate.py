"""Renovate's hostRules, from JSON or JSON5.

Source: renovatebot/renovate, docs/usage/docker.md and lib/modules/datasource/docker/common.ts.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.auths import NO_LOGIN
from registries.importing.entry import Entry, Found, Refused, shown
from registries.importing.form import Form
from registries.importing.logins import ENCRYPTED, login
from registries.importing.places import NoPlace, parse_place
from registries.importing.reading import Unreadable, read_json5
from registries.kinds import cleaning
from registries.kinds.problem import Invalid
from registries.text import Text
from registries.text import gettext_noop as _

NO_RULES = _("There are no hostRules in this. A config.js is a program, and is not run.")
BELOW = _("Renovate also used this login for hosts below %(host)s.")


def _read(text: str) -> Iterator[Found]:
    config = read_json5(text)
    rules = config.get("hostRules") if isinstance(config, dict) else config
    if not isinstance(rules, list):
        raise Unreadable(NO_RULES)
    for number, rule in enumerate(rules, 1):
        # The rules of other host types sign in to no registry.
        if isinstance(rule, dict) and rule.get("hostType", "docker") == "docker":
            yield _registry(rule, number)


@sensitive_variables()
def _registry(rule: dict[str, Any], number: int) -> Found:
    host = rule.get("matchHost")
    name = shown(host, f"({number})")
    if not isinstance(host, str) or host.startswith("."):
        return Refused(name, Text(_("This rule is for no host of its own.")))
    try:
        place = parse_place(host)
        user, secret = _pair(rule)
    except Invalid as error:
        return Refused(name, error.text)
    except NoPlace as error:
        return Refused(name, error.text)
    if rule.get("encrypted"):
        return Refused(place.text, Text(ENCRYPTED))
    if not user and not secret:
        if rule.get("token"):
            text = _("This token is no user name with a password: enter these instead.")
            return Refused(place.text, Text(text))
        return Refused(place.text, Text(NO_LOGIN))
    found = login(place, user, secret)
    if isinstance(found, Entry) and found.kind == "custom" and "://" not in host:
        found = replace(found, lost=(Text(BELOW, {"host": place.host}),))
    return found


@sensitive_variables()
def _pair(rule: dict[str, Any]) -> tuple[str, str]:
    """User and secret. A token with the type Basic is what docker calls `auth`. Raises Invalid."""
    token = rule.get("token")
    if isinstance(token, str) and rule.get("authType") == "Basic":
        return cleaning.split_auth(token)
    user, secret = rule.get("username"), rule.get("password")
    return (user if isinstance(user, str) else "", secret if isinstance(secret, str) else "")


renovate = Form(slug="renovate", label=_("Renovate: hostRules"), read=_read)
