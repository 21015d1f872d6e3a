"""The site's environment variables: read once, refused with a sentence that names the variable.

No message ever holds a variable's value: many of them carry passwords.
"""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from registries.conf import READERS, Conf

PREFIX = "REGISTRIES_"
# Kubernetes sets these in every container when a service is named "registries".
FOREIGN = (f"{PREFIX}SERVICE_", f"{PREFIX}PORT")
FLAGS = dict.fromkeys(("1", "true", "yes", "on"), True)
FLAGS |= dict.fromkeys(("0", "false", "no", "off"), False)
BACKENDS = "django.db.backends."
# Options of the driver, and of Django's connection, by engine.
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # With IMMEDIATE a writer waits for its turn from the start; the default takes the lock half-way
    # through a transaction, where SQLite refuses at once ("database is locked") instead of waiting.
    f"{BACKENDS}sqlite3": (
        {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # Else what was deleted stays in the file until something takes its place.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON",
        },
        {},
    ),
    # Without the second, TCP waits a quarter of an hour for a server that is cut off.
    f"{BACKENDS}postgresql": (
        {"connect_timeout": 5, "tcp_user_timeout": 10_000},
        {"CONN_MAX_AGE": 60},
    ),
    # The driver knows no other limit for a server that is cut off than one for every answer.
    f"{BACKENDS}mysql": (
        {"connect_timeout": 5, "read_timeout": 60, "write_timeout": 60},
        {"CONN_MAX_AGE": 60},
    ),
}


def text(name: str) -> str:
    """The variable without white space around it; "" when it is empty or not set."""
    return os.environ.get(name, "").strip()


def flag(name: str) -> bool:
    """A switch that is off unless the variable turns it on. Raises ImproperlyConfigured."""
    try:
        return _flag(text(name) or "0")
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.") from None


def items(name: str) -> list[str]:
    """A comma-separated list; empty when the variable is empty or not set."""
    return [item for item in map(str.strip, text(name).split(",")) if item]


def database(own: Path) -> dict[str, Any]:
    """The database of `DATABASE_URL`, else the SQLite file `own`. Raises ImproperlyConfigured."""
    # The library knows MariaDB by the name of its protocol.
    url = re.sub("^mariadb:", "mysql:", text("DATABASE_URL"))
    parsed: dict[str, Any] | None = None
    # Refused below: an error raised here would carry the address, password included.
    with suppress(ValueError):
        parsed = dict(dj_database_url.parse(url or "sqlite://", conn_health_checks=True))
    engine = str(parsed["ENGINE"]) if parsed else ""
    if parsed is None or engine not in OPTIONS:
        raise ImproperlyConfigured(
            "DATABASE_URL must be like postgres://USER:PASSWORD@HOST:PORT/NAME, the same with"
            " mariadb://, or sqlite:////FILE, with %-escapes for special characters in its parts."
        )
    if not url:
        parsed["NAME"] = own
    options, more = OPTIONS[engine]
    return parsed | more | {"OPTIONS": options | parsed.get("OPTIONS", {})}


def cache() -> dict[str, Any]:
    """The cache of `CACHE_URL`, else this process's memory. Raises ImproperlyConfigured."""
    url = text("CACHE_URL")
    if url in {"", "locmem://"}:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if urlsplit(url).scheme in {"redis", "rediss"}:
        options = {
            # Django's own would run code that somebody else has put into Redis.
            "serializer": "registries.token_cache.JSONSerializer",
            # A server that hangs would hold every request up; the URL may name other times.
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
        }
        return {"BACKEND": "ssmsite.cache.Cache", "LOCATION": url, "OPTIONS": options}
    raise ImproperlyConfigured("CACHE_URL must start with redis:// or rediss://, or be locmem://.")


def registries() -> dict[str, Any]:
    """The app's settings, from the variables `REGISTRIES_*`. Raises ImproperlyConfigured.

    A name that the app does not know is handed on: the app's system check reports it.
    """
    names = [name for name in os.environ if name.startswith(PREFIX) and text(name)]
    return {
        name.removeprefix(PREFIX): _registries(name)
        for name in names
        if not name.startswith(FOREIGN)
    }


def _registries(name: str) -> Any:
    key = name.removeprefix(PREFIX)
    if key not in READERS:
        return text(name)
    parse = _PARSERS.get(get_type_hints(Conf)[key.lower()], str)
    try:
        value = parse(text(name))
    except ValueError:
        value = text(name)  # of the wrong type, so that the app says what it wants
    try:
        READERS[key](value)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"{name} must be {error}.") from None
    return value


def _flag(value: str) -> bool:
    if value.lower() not in FLAGS:
        raise ValueError
    return FLAGS[value.lower()]


# How the text of a variable becomes a value of the type that the app's setting has.
_PARSERS: dict[Any, Callable[[str], Any]] = {
    bool: _flag,
    float: float,
    int: int,
    tuple[tuple[str, str], ...]: json.loads,
}
