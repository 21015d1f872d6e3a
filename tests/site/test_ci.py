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
# It names the best of the fonts that are there; it is asked for one.
FONTS = """#!/bin/sh
echo 'LiberationSans-Regular.ttf: "Liberation Sans" "Regular"'
"""
PACKAGES = {
    "docker-registry": "docker-registry",
    "htpasswd": "apache2-utils",
    "msgfmt": "gettext",
    "chromium-headless-shell": "chromium-headless-shell",
    "pg_ctlcluster": "postgresql",
    "mariadb-install-db": "mariadb-server",
    "mariadb_config": "libmariadb-dev",
    "pkg-config": "pkg-config",
    "gcc": "gcc",
    "python3-config": "python3-dev",
    "docker": "docker.io",
    "skopeo": "skopeo",
    "buildah": "buildah",
    "kubectl": "kubernetes-client",
    "redis-server": "redis-server",
    "prometheus": "prometheus",
    "nginx": "nginx-light",
    "fc-match": "fonts-liberation",
}


class Machine:
    """A machine with bash and make, apt-get, and the programs that are named."""

    def __init__(self, folder: Path, *programs: str) -> None:
        self.folder = folder
        (folder / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/run", folder / ".ci")
        (folder / "bin").mkdir()
        for name in ("make", "apt-get", *programs):
            (folder / "bin" / name).write_text(FONTS if name == "fc-match" else TELLER)
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
            "REAL= make install-sites",
            "REAL=1 make test",
            "REAL=1 make test-slow",
            "REAL=1 make test-postgres",
            "REAL=1 make test-mariadb",
            "REAL= make docs-site SCREENSHOTS=--check",
            "REAL= make bench BENCH=--smallest",
            "REAL= make test-newest PYTHON=python3",
            "REAL= make release",
        ],
    )


def test_the_newest_is_tried_on_the_newest_python_that_works(tmp_path: Path) -> None:
    """Some machines have names of Pythons that say only how to get them."""
    machine = Machine(tmp_path, *PACKAGES, "python3.12", "python3.13")
    (tmp_path / "bin" / "python3.14").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "bin" / "python3.14").chmod(0o755)
    assert "REAL= make test-newest PYTHON=python3.13" in machine.run()[1]


@pytest.mark.parametrize("first", [0, 1])
def test_what_is_missing_is_installed(first: int, tmp_path: Path) -> None:
    """Every other program is there."""
    there, missing = list(PACKAGES)[first::2], list(PACKAGES)[1 - first :: 2]
    returned, (update, install, *_) = Machine(tmp_path, *there).run()
    assert returned == 0
    assert "apt-get update" in update
    assert "apt-get install" in install
    packages = [PACKAGES[program] for program in missing]
    assert set(install.split()[-len(packages) :]) == set(packages)
    assert not {PACKAGES[program] for program in there}.intersection(install.split())


@pytest.mark.parametrize(
    "step",
    [
        *("update", "install", "lint", "types", "test", "test-postgres", "test-mariadb"),
        *("install-sites", "docs-site", "bench", "test-newest", "release"),
    ],
)
def test_a_failing_step_fails_the_run(step: str, tmp_path: Path) -> None:
    returned, calls = Machine(tmp_path).run(fails=step)
    assert returned != 0
    assert step in calls[-1].split(), "and nothing runs after it"
