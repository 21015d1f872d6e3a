"""A real Redis on loopback: Debian's redis-server, that keeps nothing on the disk."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest
from redis import Redis


def needed() -> None:
    """Leave the test out where Redis is missing; with REQUIRE_REAL=1 fail it instead."""
    if which("redis-server") is None:
        reason = "tests against a real Redis left out: apt-get install redis-server"
        (pytest.fail if os.environ.get("REQUIRE_REAL") == "1" else pytest.skip)(reason)


@contextmanager
def running(folder: Path, port: int = 0) -> Iterator[tuple[str, Redis]]:
    """The address of an empty Redis, and a client of it. port: 0 for any that is free."""
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
    # setpriv: should the tests be killed, the kernel stops the server with them.
    command = ["setpriv", "--pdeathsig", "TERM", "redis-server", "--port", str(port)]
    command += ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    log: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            for line in server.stdout:
                log.append(line)
                if "Ready to accept connections" in line:
                    break
            else:
                pytest.fail("".join(log))
            with Redis(port=port) as client:
                yield f"redis://127.0.0.1:{port}", client
        finally:
            server.terminate()
            server.stdout.read()
