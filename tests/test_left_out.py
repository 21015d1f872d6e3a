"""What happens where the programs that some tests need are not installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
# The tests of one file, and the packages that they need.
NEEDED = {
    "tests/browser/test_looks.py": "chromium",
    "tests/real/test_servers.py": "docker-registry apache2-utils",
}


def run_without_programs(folder: Path, **environment: str) -> tuple[int, list[str]]:
    """Run these tests with an empty PATH; return code and lines."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *NEEDED],
        cwd=ROOT,
        env=os.environ | {"PATH": str(folder), "PYTEST_ADDOPTS": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout.splitlines()


def test_left_out_with_one_line_that_says_how_to_get_them(tmp_path: Path) -> None:
    code, lines = run_without_programs(tmp_path, REQUIRE_REAL="")
    assert code == 0
    reasons = sorted(line for line in lines if "apt-get install" in line)
    assert len(reasons) == len(NEEDED)
    for reason, (tests, packages) in zip(reasons, sorted(NEEDED.items()), strict=True):
        assert packages in reason, tests
    assert "skipped" in lines[-1]
    assert "passed" not in lines[-1]


def test_fail_where_they_are_required(tmp_path: Path) -> None:
    code, lines = run_without_programs(tmp_path, REQUIRE_REAL="1")
    assert code == 1
    assert "skipped" not in lines[-1]
    assert "passed" not in lines[-1]
