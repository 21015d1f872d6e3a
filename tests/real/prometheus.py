"""A real Prometheus on loopback that scrapes a site, and its HTTP API."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import requests

from tests.real.servers import SECONDS, session


def missing() -> str | None:
    """What the machine lacks for a Prometheus and how to get it, or None."""
    lack = [program for program in ("prometheus", "promtool", "setpriv") if not which(program)]
    return f"no {' and no '.join(lack)} (apt-get install prometheus util-linux)" if lack else None


class Prometheus:
    """The HTTP API of a running Prometheus."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def get(self, path: str, **params: str) -> Any:
        """The data of an answer. Raises ValueError with its error."""
        with session() as http:
            answer = http.get(f"{self._origin}/api/v1/{path}", params=params, timeout=SECONDS)
        body = answer.json()
        if body["status"] != "success":
            raise ValueError(body["error"])
        return body["data"]

    def query(self, expression: str) -> list[Any]:
        """The series of an expression now. Raises ValueError if it cannot be parsed."""
        result: list[Any] = self.get("query", query=expression)["result"]
        return result

    def targets(self) -> dict[str, Any]:
        """What is scraped, by job, once each was tried."""
        found = wait_for(self._scraped)
        return {target["labels"]["job"]: target for target in found}

    def _scraped(self) -> list[Any] | None:
        found: list[Any] = self.get("targets")["activeTargets"]
        is_complete = found and all(target["health"] != "unknown" for target in found)
        return found if is_complete else None


def wait_for(find: Callable[[], Any]) -> Any:
    """What it returns once that is true."""
    end = time.monotonic() + SECONDS
    while not (found := find()):
        if time.monotonic() > end:
            raise TimeoutError(find)
        time.sleep(0.1)
    return found


@contextmanager
def prometheus(folder: Path, jobs: Sequence[Any], rules: Sequence[Path]) -> Iterator[Prometheus]:
    """Run it with these `scrape_configs` and rule files."""
    settings = folder / "prometheus.yml"
    settings.write_text(
        json.dumps(  # JSON is YAML
            {
                "global": {
                    "scrape_interval": "3s",
                    "scrape_timeout": "3s",
                    "evaluation_interval": "1s",
                },
                "scrape_configs": jobs,
                "rule_files": [str(path) for path in rules],
            }
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    # setpriv: should the tests be killed, the kernel stops it with them.
    command = ["setpriv", "--pdeathsig", "TERM", "prometheus", f"--config.file={settings}"]
    options = [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"]},
        )
    try:
        wait_for(lambda: _is_ready(process, address, folder / "log"))
        yield Prometheus(f"http://{address}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)


def _is_ready(process: "subprocess.Popen[bytes]", address: str, log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError("prometheus did not start:\n" + log.read_text())
    with session() as http:
        try:
            return http.get(f"http://{address}/-/ready", timeout=SECONDS).ok
        except requests.ConnectionError:
            return False
