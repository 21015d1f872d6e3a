"""References to secrets: environment variables and files of the machine where the command runs.

Only variables with the prefix, and only files in the site's folders for secrets, may be referred
to: a file of registries decides to which host a secret is sent.
"""

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from django.views.decorators.debug import sensitive_variables

from registries import conf

ENV_PATTERN = rf"^{conf.ENV_PREFIX}[A-Za-z0-9_]{{1,200}}$"
# Tokens by which a container proves who it is, to Kubernetes, clouds and service meshes: nobody
# means these to be sent to a registry.
IDENTITY = re.compile(
    r"/(?:serviceaccount|kubernetes\.io|(?:pods\.)?eks\.amazonaws\.com|azure/tokens"
    r"|run/secrets/tokens|workload-spiffe-\w+)/"
)
# Bytes of a file.
LONGEST = 64 * 1024


class Unresolved(Exception):
    """There is no secret at a reference. The message says why, and never holds the secret."""


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is: the name of an environment variable, or the absolute path of a file."""

    way: Literal["env", "file"]
    target: str

    @sensitive_variables()
    def resolve(self) -> str:
        """Return the secret, without one line break at its end. Raises Unresolved."""
        text = _from_file(self.target) if self.way == "file" else _from_environment(self.target)
        return text.removesuffix("\n").removesuffix("\r")


@sensitive_variables()
def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise Unresolved(f"The environment variable {name} is not set.")
    if not value.strip():
        raise Unresolved(f"The environment variable {name} is empty.")
    try:
        value.encode()
    except UnicodeEncodeError:
        pass  # raised here, its context would hold the secret
    else:
        return value
    raise Unresolved(f"The environment variable {name} is not text in UTF-8.")


@sensitive_variables()
def _from_file(name: str) -> str:
    data = _read(name)
    text = None
    with suppress(UnicodeDecodeError):
        text = data.decode()
    if text is None or "\0" in text:
        raise Unresolved(f"The file {name} is not text in UTF-8.")
    if not text.strip():
        raise Unresolved(f"The file {name} is empty.")
    return text


@sensitive_variables()
def _read(name: str) -> bytes:
    """Return the bytes of a file below a folder for secrets. Raises Unresolved.

    Kubernetes mounts secrets as links within their folder, so these are followed first.
    """
    folders = conf.get().secrets_dirs
    try:
        # Not strictly, so that nobody learns which files there are elsewhere.
        path = os.path.realpath(name)
        roots = [f"{os.path.realpath(folder).rstrip('/')}/" for folder in folders]
        if (root := next(filter(path.startswith, roots), None)) is None:
            dirs = ", ".join(folders) or "none"
            raise Unresolved(
                f"The file {name} is in no folder for secrets (REGISTRIES['SECRETS_DIRS']: {dirs})."
            )
        if IDENTITY.search(path) or IDENTITY.search(name):
            raise Unresolved(f"The file {name} holds the identity of this machine or container.")
        with os.fdopen(_open(root, path.removeprefix(root).split("/")), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unresolved(f"{name} is not a regular file.")
            if status.st_mode & stat.S_IWOTH:
                raise Unresolved(f"Everybody can write to the file {name}: chmod o-w it.")
            data = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it has no such name"
        raise Unresolved(f"The file {name} cannot be read: {why}.") from None
    if len(data) > LONGEST:
        raise Unresolved(f"The file {name} is longer than 64 KiB.")
    return data


def _open(folder: str, parts: list[str]) -> int:
    """Open a file below a folder; no part may be a link by now, whoever exchanged it meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for part in parts:
        # Without O_NONBLOCK, opening a pipe would wait for whoever writes to it.
        try:
            opened = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = opened
    return descriptor
