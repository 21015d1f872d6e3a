"""Applies a file of registries to a database of its own, through the command."""

import io
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django
from django.conf import settings

django.setup()

from django.core.management import call_command
from django.db import connection

from tests.bench.process import Job


class Client:
    """A file of so many rows of several kinds, and what applying it takes."""

    def __init__(self, job: Job, rows: int) -> None:
        self._folder = TemporaryDirectory(prefix="registries-bench-")
        folder = Path(self._folder.name)
        connection.settings_dict["NAME"] = str(folder / "db.sqlite3")
        (folder / "secrets").mkdir()
        settings.REGISTRIES = {"SECRETS_DIRS": [str(folder / "secrets")]}
        self._rows, self._file = rows, folder / "registries.yaml"
        self._secrets = folder / "secrets"
        call_command("migrate", verbosity=0)
        self._write("fake")

    def _write(self, login: str) -> None:
        with self._file.open("w") as file:
            file.write("version: 1\nsource: bench\nregistries:\n")
            file.writelines(self._entry(number, login) for number in range(self._rows))

    def _entry(self, number: int, login: str) -> str:
        secret = self._secrets / f"{number}"
        if not secret.exists():
            secret.write_text(f"fake-{number}\n")
        host = f"registry-{number}.example"
        entry = {
            "name": f"Registry {number}",
            "kind": "custom",
            "prefix": f"{host}/team",
            "set": {"url": f"https://{host}", "login": login},
            "secrets": {"password": {"file": str(secret)}},
        }
        return f"- {json.dumps(entry)}\n"

    def _apply(self, *options: str) -> Any:
        out = io.StringIO()
        try:
            call_command("apply_registries", str(self._file), "--json", *options, stdout=out)
        except SystemExit as end:
            assert end.code == 2  # noqa: PT017
        return json.loads(out.getvalue())["changes"]

    def plan(self) -> Any:
        return self._apply("--plan")

    def first(self) -> Any:
        return self._apply()

    def again(self) -> Any:
        return self._apply()

    def change(self) -> Any:
        self._write("other")
        return self._apply()

    def prune(self) -> Any:
        self._rows //= 2
        self._write("other")
        return self._apply("--prune")

    def loaded(self) -> Any:
        """What the process holds before."""
        return os.getpid()
