"""System checks: whether others can read the files that hold the keys and the data.

ssmsite.W001  a key file or the SQLite file that other users of the machine can read
ssmsite.W002  such a file in a directory that the site serves to everybody
"""

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Caution
from django.db import connection

from ssmsite import keys


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
