"""The wheel, as a foreign site would install it."""

import fnmatch
import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUEST = Path(__file__).parent / "guest.py"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the tree as it stands, by the back end that is installed."""
    folder = tmp_path_factory.mktemp("dist")
    run(
        *[sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)],
        *[str(ROOT)],
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def files(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def guest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the guest site saw: in a venv with the wheel, and what it needs lent from this one."""
    folder = tmp_path_factory.mktemp("guest")
    venv.create(folder / "venv")
    python = folder / "venv/bin/python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-index",
        "--no-deps",
        str(wheel),
    )
    # A .pth file only adds a directory: what is editable in it is not followed.
    (site_packages,) = (folder / "venv/lib").glob("*/site-packages")
    (site_packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return json.loads(run(str(python), str(GUEST), cwd=folder))


def run(*command: str, cwd: Path = ROOT) -> str:
    ran = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_whole_app_is_in_it_and_nothing_else(files: set[str]) -> None:
    app = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "registries").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    metadata = {file for file in files if file.split("/")[0].endswith(".dist-info")}
    assert files - metadata == app


@pytest.mark.parametrize(
    "pattern",
    [
        "registries/py.typed",
        "registries/migrations/0001_*.py",
        "registries/templates/admin/registries/*.html",
        "registries/static/registries/*.css",
        "registries/locale/*/LC_MESSAGES/django.mo",
        "*.dist-info/licenses/LICENSE",
    ],
)
def test_every_sort_of_file_is_in_it(pattern: str, files: set[str]) -> None:
    assert fnmatch.filter(files, pattern)


def test_the_guest_uses_the_wheel(guest: dict[str, str]) -> None:
    assert "/venv/lib/" in guest["imported from"]


def test_the_guest_has_the_default_rows(guest: dict[str, list[str]]) -> None:
    assert guest["kinds"] == ["ecr", "gcr", "ghcr", "hub", "quay"]


def test_the_guest_opens_every_page(guest: dict[str, dict[str, int]]) -> None:
    assert set(guest["pages"].values()) == {200}, guest["pages"]
    assert set(guest["pages to strangers"].values()) <= {302, 401, 403}, guest["pages to strangers"]


def test_the_guest_finds_the_static_files(guest: dict[str, list[str]]) -> None:
    assert guest["static files not found"] == []
    assert guest["static files"]
