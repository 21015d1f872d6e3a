"""Python processes that start at once: each is forked from one that has imported the libraries.

Nothing of the site is among these and no setting was read, so every process reads its environment,
its settings and the site's own modules anew.
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
    """A running Python, with what is needed of `subprocess.Popen`; stdout and stderr are one."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        output, writable = os.pipe()
        self._told, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            message = json.dumps([arguments, environment]).encode()
            socket.send_fds(_server(), [message], [writable, theirs.fileno()])
        os.close(writable)
        self.stdout = os.fdopen(output)
        self.pid = int(self._told.recv(20))
        self.returncode: int | None = None

    def wait(self, timeout: float) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            with self._told:
                self.returncode = int(self._told.recv(20))
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, None]:
        """All that it says; when it takes longer, it is killed."""
        killing = threading.Timer(timeout, os.kill, [self.pid, signal.SIGKILL])
        killing.start()
        with self.stdout:
            said = self.stdout.read()
        self.wait(timeout)
        killing.cancel()
        return said, None

    def terminate(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGTERM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stdout.close()
        self.wait(60)


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """How Python with these arguments ended, and what it said."""
    process = Python(arguments, environment)
    said, _ = process.communicate(timeout=120)
    return process.wait(1), said


@cache
def _server() -> socket.socket:
    """Where to ask for a process."""
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        server = subprocess.Popen(command, cwd=ROOT, env={}, pass_fds=[theirs.fileno()])
    atexit.register(server.wait)
    atexit.register(ours.close)  # which ends it: the last that is registered comes first
    return ours


def main(asked: socket.socket) -> None:
    """Fork once for each request; the new process runs what the request names, and returns."""
    for name in LIBRARIES:
        import_module(name)
    while True:
        message, fds, *_ = socket.recv_fds(asked, 1 << 20, 2)
        if not message:
            return
        if not os.fork():
            asked.close()
            if _is_the_new_process(*fds):
                _be(*json.loads(message))
            return
        for fd in fds:
            os.close(fd)
        with suppress(ChildProcessError):  # those that have ended, if there are any
            while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
                pass


def _is_the_new_process(output: int, told: int) -> bool:
    """Fork, and tell who asked the new process's number and how it ended."""
    if pid := os.fork():
        os.close(output)
        os.write(told, str(pid).encode())
        os.write(told, str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
        os._exit(0)
    os.close(told)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    return True


def _be(arguments: list[str], environment: dict[str, str]) -> None:
    """Be Python with these arguments: a file, `-m` with a module, or `-c` with code."""
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
