"""References lead to variables with the prefix and to files in the folders, and nowhere else."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registries.provisioning.references import LONGEST, SecretReference, Unresolved

SECRET = "fake-secret-of-a-reference"


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """A folder for secrets, beside one that is none."""
    (tmp_path / "other").mkdir()
    (folder := tmp_path / "secrets").mkdir()
    settings.REGISTRIES = {"SECRETS_DIRS": [str(folder)]}
    return folder


def resolve(path: Path) -> str:
    return SecretReference("file", str(path)).resolve()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (SECRET, SECRET),
        (f"{SECRET}\n", SECRET),
        (f"{SECRET}\r\n", SECRET),
        (f" {SECRET} \n\n", f" {SECRET} \n"),
    ],
)
def test_one_line_break_is_cut(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, secret: str
) -> None:
    (folder / "a").write_bytes(text.encode())
    assert resolve(folder / "a") == secret
    monkeypatch.setenv("REGISTRIES_SECRET_A", text)
    assert SecretReference("env", "REGISTRIES_SECRET_A").resolve() == secret


@pytest.mark.parametrize("value", [None, "", "  ", "\udcff"])
def test_a_variable_without_a_secret(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv("REGISTRIES_SECRET_A", value)
    with pytest.raises(Unresolved, match="REGISTRIES_SECRET_A"):
        SecretReference("env", "REGISTRIES_SECRET_A").resolve()


def test_kubernetes_links_within_the_folder(folder: Path) -> None:
    """A secret that is mounted is a link to a link to the folder of its version."""
    (folder / "..v1").mkdir()
    (folder / "..v1" / "a").write_text(SECRET)
    (folder / "..data").symlink_to("..v1")
    (folder / "a").symlink_to("..data/a")
    assert resolve(folder / "a") == SECRET


def _outside(folder: Path) -> Path:
    path = folder.parent / "other" / "a"
    path.write_text(SECRET)
    return path


def _up(folder: Path) -> Path:
    return folder / ".." / "other" / _outside(folder).name


def _link(folder: Path) -> Path:
    (folder / "a").symlink_to(_outside(folder))
    return folder / "a"


def _neighbour(folder: Path) -> Path:
    (other := folder.parent / "secrets-too").mkdir()
    (other / "a").write_text(SECRET)
    return other / "a"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "a")
    return folder / "a"


def _loop(folder: Path) -> Path:
    (folder / "a").symlink_to("a")
    return folder / "a"


def _identity(part: str) -> Callable[[Path], Path]:
    """The token of a container, as it is mounted in a folder that is allowed by mistake."""

    def make(folder: Path) -> Path:
        (where := folder / part / "..data").mkdir(parents=True)
        (where / "token").write_text(SECRET)
        (folder / part / "token").symlink_to("..data/token")
        return folder / part / "token"

    return make


def _open_to_all(folder: Path) -> Path:
    (folder / "a").write_text(SECRET)
    (folder / "a").chmod(0o646)
    return folder / "a"


def _long(folder: Path) -> Path:
    (folder / "a").write_text(SECRET * (LONGEST // len(SECRET) + 1))
    return folder / "a"


def _binary(folder: Path) -> Path:
    (folder / "a").write_bytes(SECRET.encode() + b"\xff")
    return folder / "a"


def _blank(folder: Path) -> Path:
    (folder / "a").write_text("\n")
    return folder / "a"


@pytest.mark.parametrize("part", ["sub", "sub/a"])
def test_a_link_that_somebody_puts_there_meanwhile(
    folder: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """#77: between the look at where the file is, and its opening."""
    (folder / "sub").mkdir()
    (folder / "sub" / "a").write_text("fake-other")
    realpath, outside = os.path.realpath, _outside(folder)

    def exchanged(path: str, **options: bool) -> str:
        result = realpath(path, **options)
        if path.endswith("/sub/a"):
            (folder / part).rename(folder / "old")
            (folder / part).symlink_to(outside if part == "sub/a" else outside.parent)
        return result

    monkeypatch.setattr(os.path, "realpath", exchanged)
    with pytest.raises(Unresolved, match="cannot be read"):
        resolve(folder / "sub" / "a")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_outside, "no folder"),
        (_up, "no folder"),
        (_link, "no folder"),
        (_neighbour, "no folder"),
        (lambda folder: folder, "no folder"),
        (lambda folder: folder.parent / "gone", "no folder"),
        (lambda folder: folder / "gone", "No such file"),
        (_identity("serviceaccount"), "identity"),
        (_identity("kubernetes.io/serviceaccount"), "identity"),
        (_identity("eks.amazonaws.com/x"), "identity"),
        (_identity("azure/tokens"), "identity"),
        (_identity("run/secrets/tokens"), "identity"),
        (lambda folder: folder / "a\0b", "cannot be read"),
        (_pipe, "regular"),
        (_loop, "cannot be read"),
        (_open_to_all, "write"),
        (_long, "64 KiB"),
        (_binary, "UTF-8"),
        (_blank, "empty"),
    ],
)
def test_a_file_that_is_none(folder: Path, make: Any, why: str) -> None:
    """#77: it is refused without a word of what is in it, and a pipe is not waited for."""
    path = make(folder)
    with pytest.raises(Unresolved, match=why) as caught:
        resolve(path)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error!r}"
        error = None if error.__suppress_context__ else error.__context__
