"""The wheel, installed beside what other people's sites have; `make install-sites` brings that."""

import os
import socket
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).parent / "project"
PACKAGES = Path(f"{sys.prefix}-sites")
# The servers that do not block, and their arguments.
SERVERS = {
    "uvicorn": ("uvicorn", "--log-level=warning", "--port={port}", "config.asgi:application"),
    "daphne": ("daphne", "--verbosity=0", "--port={port}", "config.asgi:application"),
    "hypercorn": ("hypercorn", "--bind=127.0.0.1:{port}", "config.asgi:application"),
}


def missing() -> str | None:
    """What these sites lack and how to get it, or None."""
    return None if (PACKAGES / ".done").exists() else f"no {PACKAGES.name} (make install-sites)"


def install(folder: Path) -> Path:
    """Return the Python of a new venv that has the wheel of this tree, and lends all else."""
    run(
        *[sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)],
        str(ROOT),
    )
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv")
    python = folder / "venv/bin/python"
    pip = (sys.executable, "-m", "pip", "--python", str(python))
    run(*pip, "install", "--no-index", "--no-deps", str(wheel))
    lent = (*PACKAGES.glob("lib/*/site-packages"), sysconfig.get_path("purelib"))
    (site_packages,) = (folder / "venv/lib").glob("*/site-packages")
    (site_packages / "lent.pth").write_text("".join(f"{path}\n" for path in lent))
    return python


def environment(site: str, data: Path, **more: str) -> dict[str, str]:
    """Return what a site of the project reads of its environment. `data` is its folder."""
    return {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": f"config.settings.{site}",
        "DJANGO_SECRET_KEY": "fake-secret-key-that-is-long-enough-for-all-libraries",
        "FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        **more,
    }


def run(*command: str, env: dict[str, str] | None = None, cwd: Path = PROJECT) -> str:
    """Run a command, and return what it printed."""
    ran = subprocess.run(
        command,
        cwd=cwd,
        env=env or {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@contextmanager
def serving(server: str, python: Path, env: dict[str, str]) -> Iterator[str]:
    """Run one of SERVERS, and yield its address once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [part.format(port=port) for part in SERVERS[server]]
    with subprocess.Popen([python, "-m", *command], cwd=PROJECT, env=env) as running:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert running.poll() is None
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
