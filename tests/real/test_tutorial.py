"""The registry of docs/tutorial.md: it starts as the page writes it, and answers as it says."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from registries import services
from tests.real.rows import row
from tests.real.servers import SECONDS

TEXT = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
SERVE = "docker-registry serve"

pytestmark = [pytest.mark.usefixtures("programs"), pytest.mark.django_db]


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[str]:
    """The address of the registry that the page's commands start, on a free port."""
    blocks = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    (commands,) = [block for block in blocks if SERVE in block]
    # In the foreground, and ended with the tests.
    script = commands.strip().removesuffix("&").replace("127.0.0.1:5001", "127.0.0.1:0")
    script = script.replace(SERVE, f"exec setpriv --pdeathsig TERM {SERVE}")
    with subprocess.Popen(["bash", "-euc", script], cwd=tmp_path) as process:
        try:
            yield f"http://{address(tmp_path / 'demo' / 'registry.log', process)}"
        finally:
            process.terminate()


def address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        text = log.read_text() if log.exists() else ""
        if found := re.search(r"listening on (127\.0\.0\.1:\d+)", text):
            return found[1]
        time.sleep(0.02)
    pytest.fail("The registry of the tutorial did not start.")


def value(field: str) -> str:
    """What the page's table says to enter."""
    (found,) = re.findall(rf"\| {field}\S* \| .*`(\S+)` \|", TEXT)
    return str(found)


def test_the_wrong_password_is_rejected_and_the_right_one_valid(origin: str) -> None:
    (right,) = re.findall(r"Enter the right password, `(\S+)`", TEXT)
    for password, verdict in ((value("Password or access token"), "rejected"), (right, "valid")):
        registry = row(origin, name=password, login=value("Login"), password=password)
        assert services.check(registry).verdict == verdict
