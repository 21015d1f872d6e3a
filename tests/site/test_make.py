"""The Makefile: what is installed when, and how the site starts; with a Python that only tells."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.site.conftest import ROOT

# As the system's Python it makes a venv that holds a copy of it; a copy writes down its calls.
TELLER = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    [ -z "$BROKEN_VENV" ]
    exit
fi
echo "DEBUG=$DJANGO_DEBUG $*" >> calls
"""


class Checkout:
    """A checkout with nothing but what make reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(ROOT / name, folder)
        shutil.copytree(ROOT / "requirements", folder / "requirements")
        self.python = folder / "python"
        self.python.write_text(TELLER)
        self.python.chmod(0o755)

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", f"PYTHON={self.python}", *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self, *arguments: str, **variables: str) -> list[str]:
        """What make made Python do."""
        calls = self.folder / "calls"
        calls.unlink(missing_ok=True)
        made = self.make(*arguments, **variables)
        assert made.returncode == 0, made.stderr
        return calls.read_text().splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_make_alone_lists_the_targets(checkout: Checkout) -> None:
    output = checkout.make().stdout
    for target in ("run", "install", "test", "test-postgres", "lint", "types", "format", "clean"):
        assert f"make {target} " in output
    assert not (checkout.folder / ".venv").exists()


def test_run_installs_migrates_and_serves(checkout: Checkout) -> None:
    *before, serve, checks = checkout.calls("run")
    locked, site, migrate, admin = before
    if "runserver" in checks:  # both start at once
        serve, checks = checks, serve
    assert locked.endswith("--require-hashes --requirement requirements/site.txt")
    assert site.endswith("--no-deps --no-build-isolation --editable .")
    assert "manage.py migrate" in migrate
    assert admin.endswith("manage.py ensure_admin")
    assert serve == "DEBUG=1 manage.py runserver 127.0.0.1:8000"
    assert re.fullmatch(r"DEBUG=1 manage.py run_checks --parent \d+", checks)


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements/site.txt"])
def test_run_installs_again_only_when_something_changes(changed: str, checkout: Checkout) -> None:
    checkout.calls("run")
    assert not [call for call in checkout.calls("run") if "pip" in call]
    later = (checkout.folder / ".venv/.site").stat().st_mtime + 1
    os.utime(checkout.folder / changed, (later, later))
    assert [call for call in checkout.calls("run") if "pip" in call]


def test_debug_is_for_this_machine_and_may_be_chosen(checkout: Checkout) -> None:
    calls = checkout.calls("run", "BIND=0.0.0.0", "PORT=9")
    assert "DEBUG=0 manage.py runserver 0.0.0.0:9" in calls
    assert checkout.calls("run", DJANGO_DEBUG="0")[-1].startswith("DEBUG=0 ")


def test_test_installs_what_the_tests_need(checkout: Checkout) -> None:
    locked, site, tests = checkout.calls("test")
    assert locked.endswith("--require-hashes --requirement requirements/test.txt")
    assert site.endswith("--editable .")
    assert re.search(r"-m pytest -n \d+ --dist worksteal -m not slow$", tests)
    assert checkout.calls("test", TESTS="tests/site")[-1].endswith(" --dist worksteal tests/site")
    assert not [call for call in checkout.calls("run") if "pip" in call]


def test_install_only_installs_and_does_so_each_time(checkout: Checkout) -> None:
    """#100: nobody can tell by a date what is in a venv; an upgrade brings what the lock names."""
    for _ in range(2):
        locked, site = checkout.calls("install")
        assert locked.endswith("--require-hashes --requirement requirements/site.txt")
        assert site.endswith("--no-deps --no-build-isolation --editable .")


def test_the_newest_is_tried_in_a_venv_of_its_own(checkout: Checkout) -> None:
    install, tests = checkout.calls("test-newest")
    assert install.endswith("--upgrade --editable .[site,test]")
    assert "-m pytest" in tests
    assert (checkout.folder / ".venv-newest").exists()
    assert not (checkout.folder / ".venv").exists()


def test_a_venv_that_failed_is_not_taken_for_one(checkout: Checkout) -> None:
    assert checkout.make("run", BROKEN_VENV="1").returncode != 0
    assert "pip install" in checkout.calls("run")[0]


def test_clean_leaves_the_data(checkout: Checkout) -> None:
    checkout.calls("run")
    (checkout.folder / "var").mkdir()
    (checkout.folder / "registries").mkdir()
    (checkout.folder / "registries" / "__pycache__").mkdir()
    assert checkout.make("clean").returncode == 0
    left = {path.name for path in checkout.folder.iterdir()}
    expected = {"Makefile", "pyproject.toml", "requirements", "python", "calls"}
    assert left == expected | {"registries", "var"}
