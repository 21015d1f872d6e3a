"""The programs run on old Pythons, and load little."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import which

import pytest

from registries.programs import credentials

SOURCE = Path(credentials.__file__)
ROOT = SOURCE.parents[2]
OLDEST = (3, 8)
# What takes as long to load as all that the programs need.
HEAVY = {"argparse", "dataclasses", "inspect", "logging", "pathlib", "typing", "urllib.request"}
LOADED = """
import sys, credentials
print(*sys.modules, flush=True)
sys.argv[1:] = ["get"]
credentials.helper()
print(*sys.modules)
"""
UNREACHABLE = {"REGISTRIES_URL": "http://127.0.0.1:1", "REGISTRIES_TOKEN": "x"}


def test_its_syntax_is_that_of_the_oldest_python() -> None:
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=OLDEST)


def pythons() -> list[str]:
    """The Pythons of this machine that are old or new enough."""
    minors = range(OLDEST[1], 20)
    versions = Path.home() / ".pyenv/versions"
    result = [path for minor in minors for path in versions.glob(f"3.{minor}.*/bin/python3")]
    named = filter(None, (which(f"python3.{minor}", path="/usr/bin:/bin") for minor in minors))
    return sorted({sys.executable, *named, *map(str, result)})


@pytest.mark.parametrize("python", pythons())
def test_every_python_of_this_machine_runs_it(python: str, tmp_path: Path) -> None:
    (tmp_path / credentials.HELPER).write_bytes(SOURCE.read_bytes())
    environment = {"HOME": str(tmp_path), **UNREACHABLE}
    ran = subprocess.run(
        [python, "-W", "error", str(tmp_path / credentials.HELPER), "get"],
        input=b"ghcr.io",
        env=environment,
        capture_output=True,
        check=False,
    )
    assert ran.stdout == b"127.0.0.1 cannot be reached: Connection refused.\n", ran
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_it_loads_nothing_heavy(tmp_path: Path) -> None:
    """And what a request needs only for a request."""
    ran = subprocess.run(
        # Without what site-packages loads by itself.
        [sys.executable, "-S", "-c", LOADED],
        cwd=SOURCE.parent,
        env={"HOME": str(tmp_path), **UNREACHABLE},
        input="ghcr.io",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    at_start, _problem, in_the_end = (set(line.split()) for line in ran.stdout.splitlines())
    assert not at_start & {"http.client", "ssl", "socket"}
    assert "http.client" in in_the_end
    assert not in_the_end & HEAVY


def test_the_project_installs_its_functions() -> None:
    """Its version is its own: whoever copies the file to a machine sees whether it changed."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", credentials.VERSION)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, place in project["scripts"].items():
        module, function = place.split(":")
        assert module == credentials.__name__
        assert callable(getattr(credentials, function))
        assert name in {credentials.HELPER, credentials.PROVIDER}


def test_it_names_no_other_module_than_the_standard_librarys() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    names = re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE)
    assert set(names) <= sys.stdlib_module_names
