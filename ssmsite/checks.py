"""The system checks of the site's files and of its proxy.

ssmsite.W001  a key file or the SQLite file that other users of the machine can read
ssmsite.W002  such a file in a directory that the site serves to browsers
ssmsite.W003  sign-ins whose client address is unknown, because of the proxy
ssmsite.W004  such a file in a folder from which files of registries may take secrets
"""

import ipaddress
import os
import shlex
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from registries import conf
from ssmsite import env, keys
from ssmsite.signin import DISCARD_ONLY

SECRET_VARIABLES = (
    *("DATABASE_URL", "CACHE_URL", "DJANGO_EMAIL_URL", "DJANGO_SECRET_KEY", "FIELD_ENCRYPTION_KEY"),
    *(f"{env.PREFIX}{name}" for name in ("NOTIFY", "PROXY")),
)


@register(Tags.security)
def check_files(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report sensitive files that others can read."""
    messages: list[CheckMessage] = []
    public = _public_directories()
    for_secrets: list[Path] = []
    with suppress(ImproperlyConfigured):  # another check reports it
        for_secrets = [Path(folder).resolve() for folder in conf.get().secrets_dirs]
    named = [path for name in SECRET_VARIABLES if (path := env.file(name))]
    for path, status in _sensitive_files(named):
        # Files that the environment names are restricted by whoever brings them, such as an engine
        # of containers.
        if path not in named and (commands := list(_commands_to_restrict(path, status))):
            message = f"Other users of the machine can access {path}."
            messages.append(Caution(message, hint=" && ".join(commands), id="ssmsite.W001"))
        if directory := next(filter(path.resolve().is_relative_to, public), None):
            message = f"{path} is in {directory}, which the site serves to browsers."
            hint = "Move it (DATA_DIR, DATABASE_URL), and replace the keys (see docs/keys.md)."
            messages.append(Caution(message, hint=hint, id="ssmsite.W002"))
        if directory := next(filter(path.resolve().is_relative_to, for_secrets), None):
            message = f"Files of registries may send {path}: {directory} is in SECRETS_DIRS."
            hint = "Name a folder in REGISTRIES_SECRETS_DIRS that holds only their secrets."
            messages.append(Caution(message, hint=hint, id="ssmsite.W004"))
    return messages


# By this tag it runs where the database may be asked: in `migrate`, and `check --database default`.
@register(Tags.database)
def check_visitors(
    app_configs: Any, databases: Collection[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report recent sign-ins without a client address, or with that of the proxy."""
    tries = AccessAttempt._default_manager.using("default").values_list("ip_address", flat=True)
    try:
        senders = list(tries) if "default" in (databases or ()) else []
    except DatabaseError:
        return []  # the tables do not exist yet
    # With DEBUG on, clients are on the same machine.
    if not any(map(_is_indistinct, senders)) or settings.DEBUG:
        return []
    message = "The client addresses of recent sign-ins are unknown, so clients share one limit."
    hint = "Set DJANGO_BEHIND_PROXY, and make the proxy set X-Forwarded-For (see docs/operate.md)."
    return [Caution(message, hint=hint, id="ssmsite.W003")]


def _is_indistinct(sender: str | None) -> bool:
    address = ipaddress.ip_address(sender or "::")
    return address in DISCARD_ONLY or address.is_loopback or address.is_unspecified


def _sensitive_files(named: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the existing files with keys or with the database, and those that are named."""
    # mypy knows the tests' settings, not the site's.
    directory: Path = settings.DATA_DIR  # type: ignore[misc]
    paths = [*named, *(directory / name for name in keys.FILES)]
    if connection.vendor == "sqlite":
        paths.append(Path(connection.settings_dict["NAME"]))
    for path in paths:
        with suppress(OSError):
            yield path, path.stat()


def _commands_to_restrict(path: Path, status: os.stat_result) -> Iterator[str]:
    """Yield the commands that restrict a file to its user, if they are needed."""
    user, name = os.geteuid(), shlex.quote(str(path))
    # Root may run the check for a site that runs as another user.
    if user not in {0, status.st_uid}:
        yield f"chown {user} {name}"
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"chmod 600 {name}"


def _public_directories() -> list[Path]:
    """Return the directories whose files are served to browsers."""
    locations = {storage.location for finder in get_finders() for _, storage in finder.list([])}
    return [Path(location).resolve() for location in (*locations, settings.STATIC_ROOT)]
