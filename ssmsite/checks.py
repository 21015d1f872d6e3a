"""System checks: whether files lie open, and whether visitors can be told apart.

ssmsite.W001  a key file or the SQLite file that other users of the machine can read
ssmsite.W002  such a file in a directory that the site serves to everybody
ssmsite.W003  sign-ins that came from where the proxy says nothing of use about the visitor
"""

import ipaddress
import os
import shlex
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Caution
from django.db import DatabaseError, connection

from ssmsite import keys
from ssmsite.signin import NOWHERE


@register(Tags.security)
def check_files(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report where files lie open, never what is in them."""
    found: list[CheckMessage] = []
    served = _served()
    for path, about in _kept():
        if commands := list(_closing(path, about)):
            message = f"{path} is not closed to other users of the machine."
            found.append(Caution(message, hint=" && ".join(commands), id="ssmsite.W001"))
        if directory := next(filter(path.resolve().is_relative_to, served), None):
            message = f"{path} is in {directory}, which the site serves to everybody."
            hint = "Keep it elsewhere (DATA_DIR, DATABASE_URL), and change the keys (docs/keys.md)."
            found.append(Caution(message, hint=hint, id="ssmsite.W002"))
    return found


# By this tag it runs where the database may be asked: in `migrate`, and `check --database default`.
@register(Tags.database)
def check_visitors(
    app_configs: Any, databases: Collection[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Report that sign-ins lately came from no address, or from the proxy's own."""
    tries = AccessAttempt._default_manager.using("default").values_list("ip_address", flat=True)
    try:
        senders = list(tries) if "default" in (databases or ()) else []
    except DatabaseError:
        return []  # the tables are made later
    # With DEBUG on it is the operator's own browser.
    if not any(map(_tells_nobody_apart, senders)) or settings.DEBUG:
        return []
    message = "Sign-ins lately came from where visitors cannot be told apart."
    hint = "Set DJANGO_BEHIND_PROXY, and let the proxy set X-Forwarded-For (docs/operate.md)."
    return [Caution(message, hint=hint, id="ssmsite.W003")]


def _tells_nobody_apart(sender: str | None) -> bool:
    found = ipaddress.ip_address(sender or "::")
    return found in NOWHERE or found.is_loopback or found.is_unspecified


def _kept() -> Iterator[tuple[Path, os.stat_result]]:
    """The files that hold keys or rows, as far as there are any."""
    # mypy knows the tests' settings, not the site's.
    directory: Path = settings.DATA_DIR  # type: ignore[misc]
    paths = [directory / name for name in keys.FILES]
    if connection.vendor == "sqlite":
        paths.append(Path(connection.settings_dict["NAME"]))
    for path in paths:
        with suppress(OSError):
            yield path, path.stat()


def _closing(path: Path, about: os.stat_result) -> Iterator[str]:
    """The commands after which the file is its user's alone; none where it is so already."""
    user, name = os.geteuid(), shlex.quote(str(path))
    # Root may look after a site that runs as another user.
    if user not in {0, about.st_uid}:
        yield f"chown {user} {name}"
    if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"chmod 600 {name}"


def _served() -> list[Path]:
    """The directories whose files browsers can ask for."""
    locations = {storage.location for finder in get_finders() for _, storage in finder.list([])}
    return [Path(location).resolve() for location in (*locations, settings.STATIC_ROOT)]
