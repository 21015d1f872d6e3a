"""Reads the site's environment variables, or the files that they name: `NAME_FILE` for `NAME`.

Errors name the variable but never contain its value, because many values contain passwords.
"""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import unquote, urlsplit

import dj_database_url
from django import VERSION
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from registries.conf import ENV_PREFIX, READERS, Conf

PREFIX = "REGISTRIES_"
# Kubernetes sets these in every container when a service is named "registries".
KUBERNETES_PREFIXES = (f"{PREFIX}SERVICE_", f"{PREFIX}PORT")
FLAGS = dict.fromkeys(("1", "true", "yes", "on"), True)
FLAGS |= dict.fromkeys(("0", "false", "no", "off"), False)
# The usual port of each way to send mail: without encryption, STARTTLS, and TLS from the start.
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
BACKENDS = "django.db.backends."
# Options of the driver, and of Django's connection, by engine.
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # With IMMEDIATE a transaction waits for the write lock at its start. By default it takes the
    # lock at its first write, and then SQLite may fail at once ("database is locked").
    f"{BACKENDS}sqlite3": (
        {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # Otherwise deleted data stays in the file until it is overwritten.
            "init_command": "PRAGMA secure_delete=ON",
        },
        {},
    ),
    # Without tcp_user_timeout, TCP waits a quarter of an hour for a server that disappeared.
    f"{BACKENDS}postgresql": (
        {"connect_timeout": 5, "tcp_user_timeout": 10_000},
        {"CONN_MAX_AGE": 60},
    ),
    # The only timeout of this driver for a server that disappeared is one for each response.
    f"{BACKENDS}mysql": (
        {"connect_timeout": 5, "read_timeout": 60, "write_timeout": 60},
        {"CONN_MAX_AGE": 60},
    ),
}


def text(name: str) -> str:
    """Return a variable without surrounding white space; "" if it is not set.

    If `NAME_FILE` is set instead, this is the text of the file. Raises ImproperlyConfigured.
    """
    value = os.environ.get(name, "").strip()
    path = file(name)
    if path is None:
        return value
    if value:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Set one of them only.")
    problem = "is empty"
    try:
        value = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        problem = "is not text in UTF-8"
    if value:
        return value
    # Neither its path, which may be a secret that was set by mistake, nor an error that has it.
    raise ImproperlyConfigured(f"The file that {name}_FILE names {problem}.")


def file(name: str) -> Path | None:
    """Return the file that has a variable's value; None if `NAME_FILE` is not set."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    return Path(path) if path else None


def flag(name: str) -> bool:
    """Return a boolean, which is False by default. Raises ImproperlyConfigured."""
    try:
        return _flag(text(name) or "0")
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.") from None


def items(name: str) -> list[str]:
    """Return the items of a comma-separated list; none if the variable is not set."""
    return [item for item in map(str.strip, text(name).split(",")) if item]


def database(default: Path) -> dict[str, Any]:
    """The database of `DATABASE_URL`, else the SQLite file `own`. Raises ImproperlyConfigured."""
    # The library only knows the scheme mysql.
    url = re.sub("^mariadb:", "mysql:", text("DATABASE_URL"))
    parsed: dict[str, Any] | None = None
    # The library's error contains the URL with the password, so another one is raised below.
    with suppress(ValueError):
        parsed = dict(dj_database_url.parse(url or "sqlite://", conn_health_checks=True))
    engine = str(parsed["ENGINE"]) if parsed else ""
    if parsed is None or engine not in OPTIONS:
        raise ImproperlyConfigured(
            "DATABASE_URL must be like postgres://USER:PASSWORD@HOST:PORT/NAME, the same with"
            " mariadb://, or sqlite:////FILE, with %-escapes for special characters in its parts."
        )
    if not url:
        parsed["NAME"] = default
    options, connection_options = OPTIONS[engine]
    return parsed | connection_options | {"OPTIONS": options | parsed.get("OPTIONS", {})}


def cache() -> dict[str, Any]:
    """The cache of `CACHE_URL`, else this process's memory. Raises ImproperlyConfigured."""
    url = text("CACHE_URL")
    if url in {"", "locmem://"}:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    scheme = ""
    # The library's errors contain the URL with the password, so another one is raised below.
    with suppress(ValueError):
        scheme = urlsplit(url).scheme
    if scheme in {"redis", "rediss"}:
        options = {
            # Django's own serializer uses pickle, which could run code from Redis.
            "serializer": "registries.token_cache.JSONSerializer",
            # A server that hangs would delay every request. The URL may set other timeouts.
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
        }
        return {"BACKEND": "ssmsite.cache.Cache", "LOCATION": url, "OPTIONS": options}
    raise ImproperlyConfigured(
        "CACHE_URL must be like redis://:PASSWORD@HOST:PORT/0, the same with rediss://, or"
        " locmem://, with %-escapes for special characters in its parts."
    )


def mail() -> dict[str, Any]:
    """Return Django's EMAIL_ settings from `DJANGO_EMAIL_URL`. Raises ImproperlyConfigured."""
    url, port = urlsplit(""), None
    # As in `cache`.
    with suppress(ValueError):
        url = urlsplit(text("DJANGO_EMAIL_URL") or "smtp://localhost")
        port = url.port or MAIL_PORTS.get(url.scheme)
    # With another scheme, such as smtp+ssl, the password would be sent without TLS.
    is_known = url.scheme in MAIL_PORTS
    if not is_known or port is None or not url.hostname or url.path not in {"", "/"} or url.query:
        raise ImproperlyConfigured(
            "DJANGO_EMAIL_URL must be like smtp+tls://USER:PASSWORD@HOST:PORT, or the same with"
            " smtps:// or smtp://, with %-escapes for special characters in its parts."
        )
    return {
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_TLS": url.scheme == "smtp+tls",
        "EMAIL_USE_SSL": url.scheme == "smtps",
        # A server that hangs must not hold up other messages.
        "EMAIL_TIMEOUT": 10,
    }


def admins() -> list[Any]:
    """Return Django's ADMINS from the addresses in `DJANGO_ADMINS`. Raises ImproperlyConfigured."""
    addresses = items("DJANGO_ADMINS")
    for number, address in enumerate(addresses, start=1):
        try:
            validate_email(address)
        except ValidationError:
            raise ImproperlyConfigured(
                "DJANGO_ADMINS must be a list of e-mail addresses, separated by commas: entry"
                f" {number} is none."
            ) from None
    # Django 6 deprecates pairs, and earlier versions need them.
    return addresses if VERSION >= (6,) else [(address, address) for address in addresses]


def registries() -> dict[str, Any]:
    """Return the app's settings from the variables `REGISTRIES_*`. Raises ImproperlyConfigured.

    Unknown names are included, and the app's system check reports them.
    """
    names = [
        _without_file(name)
        for name in os.environ
        # Those with secrets are for files of registries to refer to.
        if name.startswith(PREFIX) and not name.startswith((*KUBERNETES_PREFIXES, ENV_PREFIX))
    ]
    return {name.removeprefix(PREFIX): _registries(name) for name in names if text(name)}


def _without_file(name: str) -> str:
    """Return `REGISTRIES_X` for `REGISTRIES_X_FILE`, if X is a setting. FILE itself is one."""
    without = name.removesuffix("_FILE")
    return without if without.removeprefix(PREFIX) in READERS else name


def _registries(name: str) -> Any:
    key = name.removeprefix(PREFIX)
    if key not in READERS:
        return text(name)
    parse = _PARSERS.get(get_type_hints(Conf)[key.lower()], str)
    try:
        value = parse(text(name))
    except ValueError:
        value = text(name)  # the app reports the wrong type below
    try:
        READERS[key](value)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"{name} must be {error}.") from None
    return value


def _numbers(value: str) -> list[int]:
    return [] if value.lower() == "off" else [int(number) for number in value.split(",")]


def _flag(value: str) -> bool:
    if value.lower() not in FLAGS:
        raise ValueError
    return FLAGS[value.lower()]


# Parsers by the type of the app's setting.
_PARSERS: dict[Any, Callable[[str], Any]] = {
    bool: _flag,
    float: float,
    int: int,
    tuple[tuple[str, str], ...]: json.loads,
    tuple[int, ...]: _numbers,
}
