"""The site in its own processes, because the tests run with other settings."""

import base64
import os
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import requests

from tests.forking import Python, run

ROOT = Path(__file__).resolve().parents[2]
LISTENING = re.compile(r"Listening at: (https?://127\.0\.0\.1:\d+)")


def new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


class Site:
    """The site with its data in `data`, and only these environment variables."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.database = data / "db.sqlite3"
        self.key_file = data / "field_encryption_key"

    def environment(self, **variables: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(self.data),
            # Otherwise gunicorn trusts X-Forwarded-Proto from this machine.
            "FORWARDED_ALLOW_IPS": "",
            **variables,
        }

    def start(self, *arguments: str, **variables: str) -> Python:
        """Start Python with these arguments; stderr goes to stdout."""
        return Python(arguments, self.environment(**variables))

    def manage(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run a command of manage.py; return its status and output."""
        return run(["manage.py", *arguments], self.environment(**variables))

    def migrate(self) -> None:
        """Create the tables, by copying the data of a new site."""
        shutil.copytree(new_data().name, self.data)

    def shell(self, code: str, **variables: str) -> str:
        """Run code with `manage.py shell`, and return its output."""
        returned, output = self.manage("shell", "--no-imports", "--command", code, **variables)
        assert returned == 0, output
        return output

    @contextmanager
    def served(self, **variables: str) -> Iterator["Visitor"]:
        """Run the site with gunicorn."""
        process = self.start("-m", "gunicorn", "--bind", "127.0.0.1:0", "ssmsite.wsgi", **variables)
        log: list[str] = []
        # Read the output continuously, because a full pipe would block the site.
        reading = threading.Thread(target=log.extend, args=(process.stdout,))
        try:
            for line in process.stdout:
                log.append(line)
                if match := LISTENING.search(line):
                    break
            else:
                pytest.fail("".join(log))
            reading.start()
            with Visitor(match[1], log) as visitor:
                yield visitor
        finally:
            process.terminate()
            process.wait(timeout=30)
            if reading.is_alive():
                reading.join()
            process.stdout.close()


class QuickSite(Site):
    """A site with a fast password hasher, and without throttles."""

    def environment(self, **variables: str) -> dict[str, str]:
        return super().environment(**{"DJANGO_SETTINGS_MODULE": "tests.site.quick"} | variables)


@cache
def new_data() -> tempfile.TemporaryDirectory[str]:
    """The data of a new site with its keys, created once in each test process."""
    folder = tempfile.TemporaryDirectory()
    assert Site(Path(folder.name)).manage("migrate", "--verbosity", "0") == (0, "")
    return folder


class Visitor(requests.Session):
    """Sends requests to the site, without following redirects. log: the output of the site."""

    def __init__(self, origin: str, log: Sequence[str] = ()) -> None:
        super().__init__()
        self.origin = origin
        self.trust_env = False
        self.log = log

    def see(self, path: str, **headers: str) -> requests.Response:
        return self.get(
            self.origin + path,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            allow_redirects=False,
            timeout=30,
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "data")


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with its tables, for tests that do not change it."""
    site = Site(tmp_path_factory.mktemp("site") / "data")
    site.migrate()
    return site
