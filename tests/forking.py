"""Starts Python processes quickly, by forking one that has already imported the libraries.

That process has neither read settings nor imported modules of the site, so each fork reads its own
environment and settings.
"""

import atexit
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Self

ROOT = str(Path(__file__).resolve().parents[1])
LIBRARIES = (
    "cryptography.x509",
    "django.contrib.admin",
    "django.core.management",
    "django.test",
    "django_filters.rest_framework",
    "redis",
    "requests",
    "rest_framework.serializers",
    "whitenoise.middleware",
)


class Python:
    """A running Python with a part of `subprocess.Popen`'s API. stderr goes to stdout."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        output, writable = os.pipe()
        self._status, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            message = json.dumps([arguments, environment]).encode()
            socket.send_fds(_server(), [message], [writable, theirs.fileno()])
        os.close(writable)
        self.stdout = os.fdopen(output)
        self.pid = int(self._status.recv(20))
        self.returncode: int | None = None

    def wait(self, timeout: float) -> int:
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            with self._status:
                self.returncode = int(self._status.recv(20))
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, None]:
        """Return its output. It is killed after the timeout."""
        killing = threading.Timer(timeout, os.kill, [self.pid, signal.SIGKILL])
        killing.start()
        with self.stdout:
            output = self.stdout.read()
        self.wait(timeout)
        killing.cancel()
        return output, None

    def terminate(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGTERM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stdout.close()
        self.wait(60)


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run Python with these arguments; return its status and output."""
    process = Python(arguments, environment)
    output, _ = process.communicate(timeout=120)
    return process.wait(1), output


@cache
def _server() -> socket.socket:
    """Start the process that forks; return the socket for requests to it."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        server = subprocess.Popen(command, cwd=ROOT, env={}, pass_fds=[theirs.fileno()])
    atexit.register(server.wait)
    atexit.register(ours.close)  # this ends it; it runs first, because it is registered last
    return ours


def main(requests: socket.socket) -> None:
    """Fork for each request; the new process runs what is requested."""
    for name in LIBRARIES:
        import_module(name)
    while True:
        message, fds, *_ = socket.recv_fds(requests, 1 << 20, 2)
        if not message:
            return
        if not os.fork():
            requests.close()
            if _is_the_new_process(*fds):
                _be(*json.loads(message))
            return
        for fd in fds:
            os.close(fd)
        with suppress(ChildProcessError):  # reap processes that have ended
            while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
                pass


def _is_the_new_process(output: int, status: int) -> bool:
    """Fork once more. The parent sends the new process's id, and later its exit status."""
    if pid := os.fork():
        os.close(output)
        os.write(status, str(pid).encode())
        os.write(status, str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
        os._exit(0)
    os.close(status)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    return True


def _be(arguments: list[str], environment: dict[str, str]) -> None:
    """Run as Python with these arguments: a file, `-m` with a module, or `-c` with code."""
    os.environ.clear()
    os.environ.update(environment)
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = arguments[arguments[0] in {"-m", "-c"} :]
    if arguments[0] == "-m":
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    elif arguments[0] == "-c":
        exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
