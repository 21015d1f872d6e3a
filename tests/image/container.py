"""A container of the image without an engine: namespaces, a read-only root and no capability."""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# The command is the first process of its namespace, like in an engine.
ENTER = """
set -e
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs tmpfs "$ROOT/dev"
for device in null zero random urandom; do
    touch "$ROOT/dev/$device"; mount --bind "/dev/$device" "$ROOT/dev/$device"
done
mkdir -m 1777 "$ROOT/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
mount -t tmpfs tmpfs "$ROOT/run"
mkdir "$ROOT/run/secrets"
for secret in ${SECRETS:+"$SECRETS"/*}; do
    inside=$ROOT/run/secrets/${secret##*/}; touch "$inside"; mount --bind "$secret" "$inside"
done
if [ -n "$DATA" ]; then mount --bind "$DATA" "$ROOT/data"; fi
exec chroot "$ROOT" setpriv --reuid="${USER_GROUP%:*}" --regid="${USER_GROUP#*:}" --clear-groups \
    --no-new-privs --bounding-set=-all --inh-caps=-all env -i "$@"
"""


class Image:
    """The image that was built: its files, and what its Dockerfile says of it."""

    def __init__(self) -> None:
        self.root = Path(os.environ["IMAGE_ROOT"])
        self.config = json.loads(Path(os.environ["IMAGE"]).read_text())["Docker"]["config"]
        self.environment: dict[str, str] = dict(pair.split("=", 1) for pair in self.config["Env"])

    def start(
        self,
        *command: str,
        secrets: Path | None = None,
        data: Path | None = None,
        **variables: str,
    ) -> "subprocess.Popen[str]":
        """Start a command, by default the image's own; stderr goes to stdout."""
        environment = {**self.environment, **variables}
        inside = shlex.join(["cd", self.config["WorkingDir"]])
        inside += f" && exec {shlex.join(command or self.config['Cmd'])}"
        return subprocess.Popen(
            [
                *(
                    "unshare",
                    "--mount",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    "bash",
                    "-c",
                    ENTER,
                    "-",
                ),
                *(f"{name}={value}" for name, value in environment.items()),
                *("sh", "-c", inside),
            ],
            env={
                "PATH": os.environ["PATH"],
                "ROOT": str(self.root),
                "SECRETS": str(secrets or ""),
                "DATA": str(data or ""),
                "USER_GROUP": self.config["User"],
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, **options: str | Path) -> tuple[int, str]:
        """Run a command; return its status and output."""
        process = self.start(*command, **options)  # type: ignore[arg-type]
        output = process.communicate(timeout=120)[0]
        return process.returncode, output

    @contextmanager
    def running(
        self, *command: str, until: str, **options: str | Path
    ) -> Iterator["subprocess.Popen[str]"]:
        """Run a command in the background, once its output has a text."""
        process = self.start(*command, **options)  # type: ignore[arg-type]
        assert process.stdout
        try:
            log = ""
            for line in process.stdout:
                log += line
                if until in line:
                    break
            else:
                raise AssertionError(log)
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
            process.stdout.close()


def processes(container: "subprocess.Popen[str]") -> list[int]:
    """The processes of a container, its first one first."""
    found = [container.pid]
    for pid in found:
        with suppress(FileNotFoundError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
            found += map(int, children.split())
    return found[1:]


def stop(container: "subprocess.Popen[str]") -> int:
    """Stop it as an engine does, and return its status. Raises TimeoutExpired."""
    os.kill(processes(container)[0], signal.SIGTERM)
    container.wait(timeout=30)
    return container.returncode
