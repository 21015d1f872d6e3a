"""The site in processes of its own: the tests themselves run under other settings."""

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
    """The site with its data in `data`, and no variable but those given."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.database = data / "db.sqlite3"
        self.key_file = data / "field_encryption_key"

    def environment(self, **variables: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(self.data),
            # From this machine gunicorn would believe X-Forwarded-Proto before Django is asked.
            "FORWARDED_ALLOW_IPS": "",
            **variables,
        }

    def start(self, *arguments: str, **variables: str) -> Python:
        """Start Python with the arguments; stdout and stderr come as one text."""
        return Python(arguments, self.environment(**variables))

    def manage(self, *arguments: str, **variables: str) -> tuple[int, str]:
        """Run a command of manage.py; its return code and what it said."""
        return run(["manage.py", *arguments], self.environment(**variables))

    def migrate(self) -> None:
        """Make it a new site with its tables: a copy of what `manage.py migrate` makes."""
        shutil.copytree(new_data().name, self.data)

    def ask(self, code: str, **variables: str) -> str:
        """What the code prints inside the site."""
        returned, said = self.manage("shell", "--no-imports", "--command", code, **variables)
        assert returned == 0, said
        return said

    @contextmanager
    def served(self, **variables: str) -> Iterator["Visitor"]:
        """The site under gunicorn."""
        process = self.start("-m", "gunicorn", "--bind", "127.0.0.1:0", "ssmsite.wsgi", **variables)
        log: list[str] = []
        # Read as it comes: a full pipe would hold the site up.
        reading = threading.Thread(target=log.extend, args=(process.stdout,))
        try:
            for line in process.stdout:
                log.append(line)
                if found := LISTENING.search(line):
                    break
            else:
                pytest.fail("".join(log))
            reading.start()
            with Visitor(found[1], log) as visitor:
                yield visitor
        finally:
            process.terminate()
            process.wait(timeout=30)
            if reading.is_alive():
                reading.join()
            process.stdout.close()


class QuickSite(Site):
    """A site without what takes time: passwords are hashed at once, and the API has no limits."""

    def environment(self, **variables: str) -> dict[str, str]:
        return super().environment(**{"DJANGO_SETTINGS_MODULE": "tests.site.quick"} | variables)


@cache
def new_data() -> tempfile.TemporaryDirectory[str]:
    """The data of a new site, made once in each process of the tests, with its keys."""
    folder = tempfile.TemporaryDirectory()
    assert Site(Path(folder.name)).manage("migrate", "--verbosity", "0") == (0, "")
    return folder


class Visitor(requests.Session):
    """Asks the served site by path, and follows no redirect; `log` is what the site has said."""

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
    """A site with its tables, for tests that only look."""
    site = Site(tmp_path_factory.mktemp("site") / "data")
    site.migrate()
    return site
