"""Reads the plan of `refresh_pull_secrets`, and writes its files."""

import json
import os
import re
import secrets
import stat
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from errno import ELOOP
from pathlib import Path
from typing import Any

from registries.handover import FORMS, Form
from registries.models import Registry, names

FORM_NAMES = ("docker", "podman", "kubernetes")
KEYS = {"path", "form", "registries", "name", "namespace"}
# The names that Kubernetes accepts for Secrets and namespaces (RFC 1123).
LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
GRAMMARS = {"name": rf"(?=.{{1,253}}\Z){LABEL}(\.{LABEL})*", "namespace": LABEL}


class PlanError(Exception):
    """What is wrong with the plan, or why a file cannot be written. It contains no secrets."""


@dataclass(frozen=True, slots=True)
class PullFile:
    """A file to write. registries: ids or names. name, namespace: of the Kubernetes Secret."""

    path: Path
    form: Form
    registries: tuple[int | str, ...]
    name: str = ""
    namespace: str = ""

    def ids(self) -> tuple[int, ...]:
        """Return the current ids of the registries. Raises PlanError if one does not exist."""
        keys = [name if isinstance(name, int) else names.key(name) for name in self.registries]
        ids = [key for key in keys if isinstance(key, int)]
        by_key: dict[int | str, int] = {pk: pk for pk in Registry.objects.in_bulk(ids)}
        named = Registry.objects.filter(name_key__in=[key for key in keys if isinstance(key, str)])
        by_key |= dict(named.values_list("name_key", "pk"))
        pairs = zip(keys, self.registries, strict=True)
        if missing := [str(name) for key, name in pairs if key not in by_key]:
            raise PlanError(f"There is no such registry: {', '.join(missing)}.")
        return tuple(dict.fromkeys(by_key[key] for key in keys))


def read_plan(path: Path) -> list[PullFile]:
    """Return the files of a plan in TOML. Raises PlanError."""
    try:
        plan = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise PlanError(f"{path} is not TOML: {error}.") from None
    tables = plan.get("file")
    if plan.keys() != {"file"} or not isinstance(tables, list) or not tables:
        raise PlanError(f"{path} must have tables [[file]], and nothing else.")
    files = [_pull_file(table, number) for number, table in enumerate(tables, 1)]
    if len({file.path for file in files}) < len(files):
        raise PlanError("Two tables [[file]] have the same path.")
    return files


def _pull_file(table: Any, number: int) -> PullFile:
    def problem(text: str) -> PlanError:
        return PlanError(f"[[file]] {number}: {text}")

    if not isinstance(table, dict) or not table.keys() <= KEYS:
        raise problem(f"it may only have {', '.join(sorted(KEYS))}.")
    path, form = table.get("path"), table.get("form")
    if not isinstance(path, str) or not Path(path).is_absolute() or Path(path).name in {"", ".."}:
        raise problem("path must be an absolute path.")
    if form not in FORM_NAMES:
        raise problem(f"form must be one of {', '.join(FORM_NAMES)}.")
    rows = table.get("registries")
    if not isinstance(rows, list) or not rows or not all(map(_is_registry, rows)):
        raise problem("registries must be a list of ids or names.")
    for key, grammar in GRAMMARS.items():
        if key not in table:
            continue
        if form != "kubernetes":
            raise problem(f"{key} is only for the form kubernetes.")
        if not isinstance(table[key], str) or not re.fullmatch(grammar, table[key]):
            raise problem(f"{key} is not a valid name in Kubernetes.")
    named = {key: table[key] for key in GRAMMARS if key in table}
    return PullFile(Path(path), FORMS[form], tuple(rows), **named)


def _is_registry(value: Any) -> bool:
    return isinstance(value, str) or (type(value) is int and 0 < value < 2**63)


def write(file: PullFile, text: str) -> bool:
    """Replace the file atomically, readable only by its owner. Return whether it changed.

    Raises PlanError if the file or its folder is a symbolic link, or if the file contains settings
    other than logins.
    """
    try:
        folder = os.open(file.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise PlanError(f"The folder of {file.path} cannot be used: {error.strerror}.") from None
    try:
        return _write(folder, file, text.encode())
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == ELOOP else error.strerror
        raise PlanError(f"{file.path} cannot be written: {reason}.") from None
    finally:
        os.close(folder)


def _write(folder: int, file: PullFile, content: bytes) -> bool:
    name = file.path.name
    old = _old(folder, file)
    if old == (content, 0o600):
        return False
    if old and file.form.slug != "kubernetes" and not _has_logins_alone(old[0]):
        raise PlanError(f"{file.path} contains settings other than logins. Choose another path.")
    temporary = f".{name}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=folder), "wb") as stream:
            os.fchmod(stream.fileno(), 0o600)  # whatever the umask is
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)
    return True


def _old(folder: int, file: PullFile) -> tuple[bytes, int] | None:
    """Return the current content of the file and its mode; None if there is no file."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(file.path.name, flags, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise PlanError(f"{file.path} is not a regular file.")
        return stream.read(), stat.S_IMODE(mode)


def _has_logins_alone(content: bytes) -> bool:
    if not content.strip():
        return True
    try:
        data = json.loads(content)
    except ValueError:
        return False
    return isinstance(data, dict) and data.keys() <= {"auths"}
