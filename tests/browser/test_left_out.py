"""What happens where no browser is installed."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_without_programs(folder: Path, **environment: str) -> tuple[int, list[str]]:
    """Run a file of browser tests with an empty PATH; return code and lines."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, "tests/browser/test_looks.py"],
        cwd=ROOT,
        env=os.environ | {"PATH": str(folder), "PYTEST_ADDOPTS": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout.splitlines()


def test_left_out_with_one_line_that_says_how_to_get_it(tmp_path: Path) -> None:
    code, lines = run_without_programs(tmp_path, REQUIRE_REAL="")
    assert code == 0
    told = [line for line in lines if "apt-get install" in line]
    assert len(told) == 1
    assert "chromium" in told[0]
    assert "skipped" in lines[-1]
    assert "passed" not in lines[-1]


def test_fail_where_it_is_required(tmp_path: Path) -> None:
    code, lines = run_without_programs(tmp_path, REQUIRE_REAL="1")
    assert code == 1
    assert "skipped" not in lines[-1]
