"""Reads files like docker's: config.json, auth.json, .dockerconfigjson and .dockercfg."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from typing import Any

from django.views.decorators.debug import sensitive_variables

from registries.importing.entry import Entry, Found, Refused, safe_name
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
    """How a program reads keys with a path, and keys with `*`."""

    WHOLE_HOST = "docker"  # ignores the path
    PATHS = "podman"
    GLOBS = "kubernetes"


def read_auths(config: Any, keys: Keys) -> Iterator[Found]:
    """Yield the entries of a parsed file. Raises Unreadable."""
    if not isinstance(config, dict):
        raise Unreadable(NOT_DOCKER)
    options = _lowered(config)
    helpers, store = options.get("credhelpers"), options.get("credsstore")
    auths = options.get("auths")
    if auths is None and helpers is None and store is None:
        # The file before docker 1.7, and kubernetes.io/dockercfg.
        is_old = config and all(
            isinstance(entry, dict) and "auth" in _lowered(entry) for entry in config.values()
        )
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
    if store and not (auths or helpers):
        # As Docker Desktop leaves its file.
        yield elsewhere("credsStore", store)


def _lowered(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a mapping by its names in lower case: docker, podman and Kubernetes ignore the case.

    A name that is in lower case wins.
    """
    lowered = {str(name).lower(): value for name, value in mapping.items()}
    return {**lowered, **{name: mapping[name] for name in lowered if name in mapping}}


def _name(key: str, number: int) -> str:
    try:
        return parse_place(key, over_tls=True).text
    except NoPlace:
        return safe_name(key) if "*" in key else f"({number})"


def elsewhere(name: str, helper: Any) -> Refused:
    """Refuse a login that a credential helper stores. Helpers are programs, so they are not run."""
    if isinstance(helper, str) and _HELPER.fullmatch(helper):
        text = _("The credential helper “%(helper)s” keeps this login, and it was not run.")
        return Refused(name, Text(text, {"helper": helper}))
    return Refused(name, Text(_("A credential helper keeps this login, and it was not run.")))


@sensitive_variables()
def _entry(key: str, number: int, entry: Any, keys: Keys, store: Any) -> Found:
    name = _name(key, number)
    entry = _lowered(entry) if isinstance(entry, dict) else entry
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
    result = login(place, user, secret, name=name)
    if not isinstance(result, Entry):
        return result
    if is_any:
        values = {name: value for name, value in result.values.items() if name != "url"}
        result = replace(result, values=values, prefix="")
    if place.path and keys is Keys.WHOLE_HOST:
        text = _("Docker uses this login for all of %(host)s. The row is for %(place)s alone.")
        result = replace(result, question=Text(text, {"host": place.host, "place": place.text}))
    return result


@sensitive_variables()
def _refusal(key: str, entry: Any) -> str | None:
    """Return why an entry cannot be used, whichever host it is for; None if it can."""
    if "/v1/access-token" in key or "/v1/refresh-token" in key:
        return _("This is Docker Desktop's own session.")
    if not isinstance(entry, dict):
        return NO_LOGIN
    if entry.get("registrytoken"):
        return _("This is a token for one repository that ends in minutes.")
    return IDENTITY if entry.get("identitytoken") else None


@sensitive_variables()
def _pair(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return user and secret. `auth` overrides the others, as in docker. Raises Invalid."""
    auth = entry.get("auth")
    if isinstance(auth, str) and auth.strip():
        return cleaning.split_auth("".join(auth.split()))
    user, secret = entry.get("username"), entry.get("password")
    return (user if isinstance(user, str) else "", secret if isinstance(secret, str) else "")


@sensitive_variables()
def logins(config: Any) -> list[tuple[str, str, str]]:
    """Return place, user and secret of each usable entry of a parsed file."""
    rows = []
    auths = config.get("auths") if isinstance(config, dict) else None
    for key, entry in (auths if isinstance(auths, dict) else {}).items():
        with suppress(Invalid, NoPlace):
            user, secret = _pair(_lowered(entry) if isinstance(entry, dict) else {})
            if secret:
                rows.append((parse_place(key).text, user, secret))
    return rows


def _place(key: str, keys: Keys) -> tuple[Place, bool]:
    """Return a key's place, and whether it is for all hosts of the kind. Raises NoPlace."""
    if "*" not in key and "?" not in key and "[" not in key.partition("]")[0][1:]:
        return parse_place(key, over_tls=True), False
    refusal = NoPlace(Text(_("A row is for one host: enter each host that this pattern is for.")))
    if keys is not Keys.GLOBS or key.count("*") > 2 or not re.search(r"(?:\A|//)\*[.-]", key):
        raise refusal
    # Replace the pattern by a label that occurs in the hosts of a kind, and look for that kind.
    for label in ("us", "0" * 12):
        place = parse_place(key.replace("*", label))
        kind = kind_of(place.host)
        if kind is not KINDS["custom"] and not place.path:
            return place, True
    raise refusal
