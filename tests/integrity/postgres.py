"""A PostgreSQL of a test's own, that can be stopped and started: Debian's, on loopback."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

import pytest

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def needed() -> None:
    """Leave the test out where PostgreSQL is missing; with REQUIRE_REAL=1 fail it instead."""
    if not PROGRAMS:
        reason = "tests that stop a PostgreSQL left out: apt-get install postgresql"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)


class Postgres:
    """A server with an empty database, from `start` to `stop`; its data stays in between."""

    def __init__(self) -> None:
        self._folder = Path(mkdtemp())
        self._own: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            self._own = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
            shutil.chown(self._folder, "postgres")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self.url = f"postgresql://tests@127.0.0.1:{self._port}/postgres"
        options = ["--auth=trust", "--username=tests", "--no-sync", f"--pgdata={self._data}"]
        command = [*self._own, str(PROGRAMS[-1] / "initdb"), *options]
        subprocess.run(command, cwd=self._folder, check=True, stdout=subprocess.DEVNULL)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        command = [*self._own, "setpriv", "--pdeathsig", "INT", str(PROGRAMS[-1] / "postgres")]
        command += ["-D", str(self._data), "-k", str(self._folder), "-h", "127.0.0.1"]
        command += ["-p", str(self._port), "-c", "fsync=off"]
        self._server = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ready = [str(PROGRAMS[-1] / "pg_isready"), "--quiet", "--host=127.0.0.1"]
        ready.append(f"--port={self._port}")
        end = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode:
            assert time.monotonic() < end, "PostgreSQL does not start"
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server, which ends the sessions of all clients."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(60)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._server.poll() is None:
            self.stop()
        shutil.rmtree(self._folder)
