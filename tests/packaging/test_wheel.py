"""The wheel, as a foreign site would install it."""

import fnmatch
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import textwrap
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from registries.programs import credentials

ROOT = Path(__file__).resolve().parents[2]
GUEST = Path(__file__).parent / "guest.py"
CONSUMER = Path(__file__).parent / "consumer.py"


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
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a venv with the wheel, and what it needs lent from this one."""
    folder = tmp_path_factory.mktemp("guest")
    venv.create(folder / "venv")
    python = folder / "venv/bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    run(*pip, "install", "--no-index", "--no-deps", str(wheel))
    # A .pth file only adds a directory: what is editable in it is not followed.
    (site_packages,) = (folder / "venv/lib").glob("*/site-packages")
    (site_packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return python


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


def test_every_sort_of_file_is_in_it(files: set[str]) -> None:
    for pattern in (
        "registries/py.typed",
        "registries/migrations/0001_*.py",
        "registries/templates/admin/registries/*.html",
        "registries/static/registries/*.css",
        "registries/locale/*/LC_MESSAGES/django.mo",
        "*.dist-info/licenses/LICENSE",
    ):
        assert fnmatch.filter(files, pattern), pattern


@pytest.mark.parametrize("name", [credentials.HELPER, credentials.PROVIDER])
def test_the_programs_are_installed(name: str, python: Path) -> None:
    command = [str(python.with_name(name)), "version"]
    ran = subprocess.run(command, env={}, input=b"", capture_output=True, check=False)
    if name == credentials.HELPER:
        assert ran.stdout.decode() == f"{name} {credentials.VERSION}\n", ran
    else:
        assert ran.stderr.startswith(b"Expected a CredentialProviderRequest"), ran


def test_the_shortest_site(python: Path) -> None:
    """It uses the wheel, has the default rows, opens every page, and finds the static files."""
    seen = json.loads(run(str(python), str(GUEST), cwd=python.parents[2]))
    assert "/venv/lib/" in seen["imported from"]
    assert seen["kinds"] == ["ecr", "gcr", "ghcr", "hub", "quay"]
    assert set(seen["pages"].values()) == {200}, seen["pages"]
    assert set(seen["pages to strangers"].values()) <= {302, 401, 403}, seen["pages to strangers"]
    assert seen["static files"]
    assert seen["static files not found"] == []


def test_the_same_source_makes_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    """Wherever it is unpacked, and whenever, and whatever the umask is."""
    build = [sys.executable, "-m", "build", "--no-isolation"]
    run(*build, "--sdist", "--outdir", str(tmp_path), str(ROOT))
    (sdist,) = tmp_path.glob("*.tar.gz")
    made = []
    for name, umask in (("here", 0o022), ("somewhere/else", 0o077)):
        folder = tmp_path / name
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        (source,) = folder.iterdir()
        for path in source.rglob("*"):
            os.utime(path, (1_800_000_000, 1_800_000_000 + umask))
        before = os.umask(umask)
        try:
            run(*build, "--outdir", str(folder / "dist"), str(source))
        finally:
            os.umask(before)
        made.append({file.name: file.read_bytes() for file in (folder / "dist").iterdir()})
    assert made[0] == made[1]
    # It has the version of its source, without git.
    assert made[0].keys() == {sdist.name, wheel.name}
    assert made[0][sdist.name] == sdist.read_bytes()


def test_a_foreign_site_has_the_types_of_the_public_names(python: Path, tmp_path: Path) -> None:
    """Without plugins. `make types-foreign` asks pyright as well."""
    consumer = tmp_path / "consumer.py"
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
    consumer.write_text(CONSUMER.read_text())
    run(*mypy, str(consumer), cwd=tmp_path)
    with consumer.open("a") as lines:
        lines.write("services.check(registry).verdickt\n")
    with pytest.raises(AssertionError, match='"CheckResult" has no attribute "verdickt"'):
        run(*mypy, str(consumer), cwd=tmp_path)


def test_the_five_steps_on_a_new_site(python: Path, tmp_path: Path) -> None:
    """Word by word: each block at the end of the file that it is for."""
    text = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    steps = text.partition("## In five steps")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```", textwrap.dedent(steps), re.DOTALL)
    dedented = [(language, textwrap.dedent(block)) for language, block in blocks]
    assert [language for language, _ in dedented] == ["sh", "python", "sh", "python", "python"]
    (_, _), (_, apps), (_, key), (_, setting), (_, addresses) = dedented
    run(str(python), "-m", "django", "startproject", "mine", str(tmp_path))
    for file, block in [("settings", apps), ("settings", setting), ("urls", addresses)]:
        name = block.partition(" = [...")[0].rpartition("\n")[2]
        with (tmp_path / "mine" / f"{file}.py").open("a") as lines:
            lines.write(block.replace("[...", f"[*{name}"))
    code = (
        "from django.test import Client; "
        "print(Client(SERVER_NAME='localhost').get('/api/kinds/').status_code)"
    )
    script = f'PATH="{python.parent}:$PATH"; set -e; {key}\npython manage.py migrate -v 0'
    result = run("bash", "-c", f'{script}; python manage.py shell -v 0 -c "{code}"', cwd=tmp_path)
    assert result.strip() == "401"
