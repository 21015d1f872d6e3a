"""The entries of docker's shape: config.json, auth.json, .dockerconfigjson and .dockercfg."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.entry import Entry, Found, Refused, shown
from registries.importing.logins import IDENTITY, kind_of, login
from registries.importing.places import NoPlace, Place, parse_place
from registries.importing.reading import Unreadable
from registries.kinds import KINDS, cleaning
from registries.kinds.problem import Invalid
from registries.text import Text
from registries.text import gettext_noop as _

_HELPER = re.compile(r"[A-Za-z0-9._-]{1,60}")
NO_LOGIN = _("This entry has no login.")
NOT_DOCKER = _("This has no “auths”: it is no file of docker's or podman's.")


class Keys(Enum):
    """What a program makes of a key with a path, and of `*` in one."""

    WHOLE_HOST = "docker"
    PATHS = "podman"
    GLOBS = "kubernetes"


def read_auths(config: Any, keys: Keys) -> Iterator[Found]:
    """The entries of a parsed file. Raises Unreadable."""
    if not isinstance(config, dict):
        raise Unreadable(NOT_DOCKER)
    helpers, store = config.get("credHelpers"), config.get("credsStore")
    auths = config.get("auths")
    if auths is None and helpers is None and store is None:
        # The file before docker 1.7, and kubernetes.io/dockercfg.
        is_old = config and all(isinstance(each, dict) and "auth" in each for each in _all(config))
        if not is_old:
            raise Unreadable(NOT_DOCKER)
        auths = config
    if not isinstance(auths or {}, dict) or not isinstance(helpers or {}, dict):
        raise Unreadable(NOT_DOCKER)
    helpers = helpers or {}
    for number, (key, entry) in enumerate((auths or {}).items(), 1):
        if key not in helpers:
            yield _entry(str(key), number, entry, keys, store)
    for number, (key, helper) in enumerate(helpers.items(), 1):
        yield elsewhere(_name(str(key), number), helper)


def _all(config: Mapping[str, Any]) -> list[Any]:
    return list(config.values())


def _name(key: str, number: int) -> str:
    try:
        return parse_place(key).text
    except NoPlace:
        return shown(key) if "*" in key else f"({number})"


def elsewhere(name: str, helper: Any) -> Refused:
    """What is said of a login that a credential helper keeps: helpers are programs."""
    if isinstance(helper, str) and _HELPER.fullmatch(helper):
        text = _("The credential helper “%(helper)s” keeps this login, and it was not run.")
        return Refused(name, Text(text, {"helper": helper}))
    return Refused(name, Text(_("A credential helper keeps this login, and it was not run.")))


@sensitive_variables()
def _entry(key: str, number: int, entry: Any, keys: Keys, store: Any) -> Found:
    name = _name(key, number)
    if refusal := _refusal(key, entry):
        return Refused(name, Text(refusal))
    try:
        user, secret = _pair(entry)
        place, is_any = _place(key, keys)
    except Invalid as error:
        return Refused(name, error.text)
    except NoPlace as error:
        return Refused(name, error.text)
    if not user and not secret:
        if store:
            return elsewhere(name, store)
        return Refused(name, Text(NO_LOGIN))
    found = login(place, user, secret, name=name)
    if not isinstance(found, Entry):
        return found
    if is_any:
        kept = {each: value for each, value in found.values.items() if each != "url"}
        found = replace(found, values=kept, prefix="")
    if place.path and keys is Keys.WHOLE_HOST:
        text = _("Docker uses this login for all of %(host)s. The row is for %(place)s alone.")
        found = replace(found, ask=Text(text, {"host": place.host, "place": place.text}))
    return found


@sensitive_variables()
def _refusal(key: str, entry: Any) -> str | None:
    """Why an entry cannot be used, whatever it is for."""
    if "/v1/access-token" in key or "/v1/refresh-token" in key:
        return _("This is Docker Desktop's own session.")
    if not isinstance(entry, dict):
        return NO_LOGIN
    if entry.get("registrytoken"):
        return _("This is a token for one repository that ends in minutes.")
    return IDENTITY if entry.get("identitytoken") else None


@sensitive_variables()
def _pair(entry: Mapping[str, Any]) -> tuple[str, str]:
    """User and secret. `auth` wins, as for docker. Raises Invalid."""
    auth = entry.get("auth")
    if isinstance(auth, str) and auth.strip():
        return cleaning.split_auth("".join(auth.split()))
    user, secret = entry.get("username"), entry.get("password")
    return (user if isinstance(user, str) else "", secret if isinstance(secret, str) else "")


@sensitive_variables()
def logins(config: Any) -> list[tuple[str, str, str]]:
    """Place, user and secret of each key that can be read, of a parsed file."""
    found = []
    auths = config.get("auths") if isinstance(config, dict) else None
    for key, entry in (auths if isinstance(auths, dict) else {}).items():
        with suppress(Invalid, NoPlace):
            user, secret = _pair(entry if isinstance(entry, dict) else {})
            found.append((parse_place(key).text, user, secret))
    return [each for each in found if each[2]]


def _place(key: str, keys: Keys) -> tuple[Place, bool]:
    """What a key is for, and whether it is for any host of the kind. Raises NoPlace."""
    if "*" not in key and "?" not in key and "[" not in key.partition("]")[0][1:]:
        return parse_place(key), False
    refusal = NoPlace(Text(_("A row is for one host: enter each host that this pattern is for.")))
    if keys is not Keys.GLOBS or key.count("*") > 2 or not re.search(r"(?:\A|//)\*[.-]", key):
        raise refusal
    # An example that every kind's label takes; the kinds know the rest of their hosts.
    for label in ("us", "0" * 12):
        place = parse_place(key.replace("*", label))
        kind = kind_of(place.host)
        if kind is not KINDS["custom"] and not place.path:
            return place, True
    raise refusal
