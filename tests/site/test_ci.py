"""What CI runs, with programs that only tell: nothing is installed, and no failure is hidden."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.site.conftest import ROOT

TELLER = """#!/bin/sh
echo "REAL=$REQUIRE_REAL $(basename "$0") $*" >> calls
[ "$1" != "$FAILS" ]
"""
PACKAGES = {
    "docker-registry": "docker-registry",
    "htpasswd": "apache2-utils",
    "msgfmt": "gettext",
    "chromium": "chromium",
    "pg_ctlcluster": "postgresql",
    "mariadb-install-db": "mariadb-server",
    "mariadb_config": "libmariadb-dev",
    "pkg-config": "pkg-config",
    "gcc": "gcc",
    "python3-config": "python3-dev",
    "redis-server": "redis-server",
    "nginx": "nginx-light",
}


class Machine:
    """A machine with bash and make, apt-get, and the programs that are named."""

    def __init__(self, folder: Path, *programs: str) -> None:
        self.folder = folder
        (folder / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/run", folder / ".ci")
        (folder / "bin").mkdir()
        for name in ("make", "apt-get", *programs):
            (folder / "bin" / name).write_text(TELLER)
            (folder / "bin" / name).chmod(0o755)
        for name in ("bash", "sh", "dirname", "basename"):
            (folder / "bin" / name).symlink_to(shutil.which(name) or name)

    def run(self, fails: str = "") -> tuple[int, list[str]]:
        """Run CI, with the call failing whose first argument is given; what was called."""
        ran = subprocess.run(
            [self.folder / ".ci/run"],
            cwd=os.sep,
            env={"PATH": str(self.folder / "bin"), "FAILS": fails},
            capture_output=True,
            check=False,
        )
        return ran.returncode, (self.folder / "calls").read_text().splitlines()


def test_everything_runs(tmp_path: Path) -> None:
    assert Machine(tmp_path, *PACKAGES).run() == (
        0,
        [
            "REAL= make lint",
            "REAL= make types",
            "REAL=1 make test",
            "REAL=1 make test-postgres",
            "REAL=1 make test-mariadb",
            "REAL= make wheel",
        ],
    )


@pytest.mark.parametrize(("missing", "package"), PACKAGES.items())
def test_what_is_missing_is_installed(missing: str, package: str, tmp_path: Path) -> None:
    there = [program for program in PACKAGES if program != missing]
    returned, (update, install, *_) = Machine(tmp_path, *there).run()
    assert returned == 0
    assert "apt-get update" in update
    assert "apt-get install" in install
    assert install.endswith(f" {package}")


@pytest.mark.parametrize(
    "step",
    ["update", "install", "lint", "types", "test", "test-postgres", "test-mariadb", "wheel"],
)
def test_a_failing_step_fails_the_run(step: str, tmp_path: Path) -> None:
    returned, calls = Machine(tmp_path).run(fails=step)
    assert returned != 0
    assert step in calls[-1].split(), "and nothing runs after it"
