"""The container image, run as compose.yaml runs it: real PostgreSQL, Redis and Caddy beside it."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from tests.image.container import Image, processes, stop
from tests.site import redis

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
READY = "Listening at"
HOST = "registries.example"
PROXIED = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}


@pytest.fixture(scope="module")
def image() -> Image:
    return Image()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def options(
    image: Image, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str | Path]]:
    """The environment and the secrets of compose.yaml, with the servers of this machine in them."""
    checkout = tmp_path_factory.mktemp("checkout")
    (checkout / "deploy").mkdir()
    shutil.copy(ROOT / "deploy/make-secrets", checkout / "deploy")
    subprocess.run([checkout / "deploy/make-secrets"], check=True, capture_output=True)
    secrets = checkout / "secrets"
    server = urlsplit(os.environ["TEST_DATABASE_URL"])
    environment = {
        name: str(value).replace(
            "${SITE_HOST:?Set SITE_HOST to the name of the site, in .env}", HOST
        )
        for name, value in COMPOSE["x-site"]["environment"].items()
    }
    with redis.running(tmp_path_factory.mktemp("redis")) as (cache_url, _client):
        for name, value in {
            "database_url": f"postgres://tests@127.0.0.1:{server.port}/postgres",
            "cache_url": f"{cache_url}/0",
        }.items():
            (secrets / name).write_text(f"{value}\n")  # root may, whatever its mode is
        yield {**environment, "PORT": str(free_port()), "secrets": secrets}


def test_what_it_says_of_itself(image: Image) -> None:
    assert image.config["User"] == "10001:10001"
    assert image.config["Labels"]["org.opencontainers.image.version"] == "1.2.3"
    code = "from importlib.metadata import version; print(version('django-registries'))"
    assert image.run("python", "-c", code) == (0, "1.2.3\n")
    assert image.config["Healthcheck"]["Test"][0] == "CMD", "no shell, and no curl"
    assert image.config["Cmd"][0] == "gunicorn", "gets the signals itself"


def test_no_key_and_no_tests_are_in_it(image: Image) -> None:
    app = {path.name for path in (image.root / "app").iterdir()}
    assert app == {
        *("LICENSE", "deploy", "locale", "manage.py", "requirements"),
        *("ssmsite", "static", "templates", "__pycache__"),
    }
    assert not (image.root / "build").exists()
    assert list((image.root / "data").iterdir()) == []


def test_two_that_migrate_at_once_take_turns(image: Image, options: dict[str, str | Path]) -> None:
    command = COMPOSE["services"]["migrate"]["command"]
    both = [image.start(*command, **options) for _ in range(2)]  # type: ignore[arg-type]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum("Applying registries.0001" in output for output in outputs) == 1


@pytest.fixture(scope="module")
def site(image: Image, options: dict[str, str | Path]) -> Iterator["subprocess.Popen[str]"]:
    returned, output = image.run("python", "manage.py", "migrate", **options)
    assert returned == 0, output
    with image.running(until=READY, WEB_CONCURRENCY="3", WEB_THREADS="5", **options) as process:
        assert get(options, "/healthz").status_code == 200
        yield process


def get(options: dict[str, str | Path], path: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(
            f"http://127.0.0.1:{options['PORT']}{path}",
            headers={**PROXIED, **headers},
            allow_redirects=False,
            timeout=120,  # a busy machine starts it slowly
        )


def test_it_serves(site: object, options: dict[str, str | Path]) -> None:
    page = get(options, "/login/")
    assert page.status_code == 200
    assert 'name="username"' in page.text
    # They are collected and compressed.
    (style, *_) = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
    answer = get(options, style, **{"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "gzip")


def test_its_health_check_needs_no_host_name_and_no_https(
    site: object, image: Image, options: dict[str, str | Path]
) -> None:
    check = image.config["Healthcheck"]["Test"][1:]
    assert image.run(*check, **options) == (0, "")
    other = {**options, "PORT": str(free_port())}
    returned, output = image.run(*check, **other)
    assert (returned, "does not answer" in output) == (1, True)


def test_it_is_sized_by_the_environment_and_is_nobody(site: "subprocess.Popen[str]") -> None:
    master, *workers = processes(site)
    assert len(workers) == 3
    for pid in (master, *workers):
        status = Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^Uid:\t10001\t10001\t10001\t10001$", status, re.MULTILINE)
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
        assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)


def test_its_files_cannot_be_changed(image: Image) -> None:
    for path in ("/app/new", "/opt/venv/new", "/data/new", "/etc/new"):
        returned, output = image.run("touch", path)
        assert (returned, "Read-only file system" in output) == (1, True), output


def test_it_is_behind_caddy(site: object, options: dict[str, str | Path], tmp_path: Path) -> None:
    """A request over HTTPS is one for the site, and a client cannot claim another address."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SITE_HOST": f"https://localhost:{port}",
        "SITE_UPSTREAM": f"127.0.0.1:{options['PORT']}",
    }
    # Ports 80 and 2019 may be another's.
    file = tmp_path / "Caddyfile"
    options_of_caddy = "{\n\tauto_https disable_redirects\n\tskip_install_trust\n\tadmin off\n}\n"
    file.write_text(options_of_caddy + (ROOT / "deploy/Caddyfile").read_text())
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", file]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as caddy:
        try:
            assert caddy.stderr
            for line in caddy.stderr:
                if "certificate obtained successfully" in line:
                    break
            curl = ["curl", "-ksS", "-H", "X-Forwarded-Proto: http", "-w", "%{http_code}"]
            address = f"https://localhost:{port}/healthz"
            assert subprocess.check_output([*curl, address], text=True) == "200"
            # The site knows no host "localhost:port", but it was asked over HTTPS: no redirect.
            login = f"https://localhost:{port}/login/"
            assert subprocess.check_output([*curl, "-o", "/dev/null", login], text=True) == "400"
        finally:
            caddy.terminate()


def test_the_checks_run_and_end_with_the_signal(
    image: Image, site: object, options: dict[str, str | Path]
) -> None:
    """Nothing leaves this machine: there is no proxy at this address."""
    command = COMPOSE["services"]["checks"]["command"]
    variables = {**options, "REGISTRIES_PROXY": "http://127.0.0.1:9"}
    with image.running(*command, until="registries: 0 fine", **variables) as checks:
        assert stop(checks) == 0


def test_the_site_ends_with_the_signal(
    image: Image, site: object, options: dict[str, str | Path]
) -> None:
    """A worker that starts ends when it has: so first it answers."""
    other = {**options, "PORT": str(free_port())}
    with image.running(until=READY, **other) as process:
        assert get(other, "/healthz").status_code == 200
        assert stop(process) == 0


def test_a_secret_that_is_missing_is_named(image: Image, options: dict[str, str | Path]) -> None:
    variables = {
        **options,
        "PORT": str(free_port()),
        "DJANGO_SECRET_KEY_FILE": "/run/secrets/none",
    }
    returned, output = image.run(*image.config["Cmd"], **variables)
    assert returned != 0
    assert "The file that DJANGO_SECRET_KEY_FILE names cannot be read (No such file" in output


def test_alone_it_is_a_site_with_a_file(image: Image, tmp_path: Path) -> None:
    """`docker run` with a volume at /data."""
    os.chown(tmp_path, 10001, 10001)
    returned, output = image.run("python", "manage.py", "migrate", data=tmp_path)
    assert returned == 0, output
    assert {path.name for path in tmp_path.iterdir()} >= {"db.sqlite3", "field_encryption_key"}
    returned, output = image.run("python", "manage.py", "check", "--deploy", data=tmp_path)
    assert (returned, "no issues" in output) == (0, True), output
