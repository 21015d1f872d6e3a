"""The real registries are started and end, whatever becomes of the tests."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests

from tests.real.servers import SECONDS, Open, RealRegistry

pytestmark = pytest.mark.usefixtures("programs")

ROOT = Path(__file__).parents[2]


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_registry_stops_with_its_block(tmp_path: Path) -> None:
    registry = RealRegistry(tmp_path, Open())

    def fail_while_it_runs() -> None:
        with registry:
            assert alive(registry.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_it_runs()
    assert not alive(registry.pid)


class Incomplete(Open):
    """Settings that docker-registry refuses."""

    def settings(self, folder: Path) -> Mapping[str, object]:
        return {"htpasswd": {"realm": "tests"}}


def test_registry_that_cannot_start_says_why(tmp_path: Path) -> None:
    registry = RealRegistry(tmp_path, Incomplete())
    with pytest.raises(RuntimeError, match="unable to configure authorization"):
        registry.__enter__()
    assert not alive(registry.pid)


RUN_AND_HANG = """
import sys, time
from pathlib import Path
from tests.real.servers import Open, RealRegistry
with RealRegistry(Path(sys.argv[1]), Open()) as registry:
    print(registry.origin, flush=True)
    time.sleep(600)
"""


def test_registry_stops_when_the_tests_are_killed(tmp_path: Path, http: requests.Session) -> None:
    command = [sys.executable, "-c", RUN_AND_HANG, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        ping = f"{killed.stdout.readline().strip()}/v2/"
        assert http.get(ping, timeout=SECONDS).status_code == 200
        killed.kill()

    def ask_until_it_is_gone() -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            http.get(ping, timeout=SECONDS)

    with pytest.raises(requests.ConnectionError):
        ask_until_it_is_gone()
