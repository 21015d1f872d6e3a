"""Starting the site: deployment checks, first start, second start, starts together."""

import fcntl
import subprocess
from pathlib import Path

import pytest

from tests.site.conftest import Site, new_key

STORED = """
from django.contrib.auth.models import User
from registries.models import Registry
print(list(User.objects.values_list()))
print(list(Registry.objects.order_by("pk").values_list("pk", "name", "kind")))
"""
PASSWORD = """
from django.contrib.auth import authenticate
print(authenticate(username="admin", password=%r))
"""

ASGI = """
import asyncio
from asgiref.testing import ApplicationCommunicator
from ssmsite.asgi import application

async def ask():
    scope = {"type": "http", "method": "GET", "path": "/healthz"}
    scope |= {"query_string": b"", "headers": []}
    asked = ApplicationCommunicator(application, scope)
    await asked.send_input({"type": "http.request"})
    print((await asked.receive_output(60))["status"])

asyncio.run(ask())
"""


def test_deployment_checks_find_debug(site: Site) -> None:
    returned, output = site.manage("check", "--deploy", "--fail-level", "DEBUG", DJANGO_DEBUG="1")
    assert returned == 1
    assert "security.W018" in output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_DEBUG", "maybe"),
        ("REGISTRIES_TIMEOUT", "soon"),
        # Before the keys that it makes necessary.
        ("DATABASE_URL", "foo"),
    ],
)
def test_a_wrong_variable_ends_in_a_sentence(name: str, value: str, site: Site) -> None:
    returned, output = site.manage("check", **{name: value})
    assert returned == 1
    assert f"{name} must be" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("key", "returned"),
    [
        ("short", 1),
        ("YS1zYW1wbGUta2V5LWZyb20tc29tZS1tYW51YWwtMTI=", 1),
        (new_key(), 0),
    ],
    ids=["short", "words", "random"],
)
def test_an_encryption_key_is_looked_at(key: str, returned: int, site: Site) -> None:
    """#7: by every command; the message names the setting, and shows nothing of the key."""
    output, result = site.manage("check", "--fail-level", "WARNING", FIELD_ENCRYPTION_KEY=key)
    assert output == returned
    assert ("FIELD_ENCRYPTION_KEY" in result) == bool(returned)
    assert key.rstrip("=") not in result
    assert "Traceback" not in result


def test_error_reports_hide_keys_and_addresses(site: Site) -> None:
    """#19: settings are part of every report."""
    names = {"SECRET_KEY", "FIELD_ENCRYPTION_KEY", "CACHES", "REGISTRIES", "DATABASES"}
    secrets = {"DJANGO_SECRET_KEY": new_key(), "FIELD_ENCRYPTION_KEY": new_key()}
    output = site.shell(
        "from django.views.debug import get_default_exception_reporter_filter as found\n"
        f"print({{name: found().get_safe_settings()[name] for name in {names}}})",
        DATABASE_URL="postgres://user:fake-database-password@db.example/name",
        CACHE_URL="redis://:fake-cache-password@cache.example",
        REGISTRIES_PROXY="http://user:fake-proxy-password@proxy.example:3128",
        **secrets,
    )
    assert all(name in output for name in names)
    assert "-password" not in output
    assert not [secret for secret in secrets.values() if secret in output]


def test_an_unknown_variable_of_the_app_is_reported(site: Site) -> None:
    _, output = site.manage("check", REGISTRIES_TIMEOT="3")
    assert "TIMEOT" in output
    _, output = site.manage("check", REGISTRIES_TIMEOUT="3")
    assert "no issues" in output


def test_the_migrations_are_those_of_all_apps(migrated: Site) -> None:
    returned, output = migrated.manage("makemigrations", "--check", "--dry-run")
    assert (returned, output.strip()) == (0, "No changes detected")


def test_a_second_start_changes_nothing(site: Site) -> None:
    site.migrate()
    returned, output = site.manage("ensure_admin")
    assert returned == 0, output
    password = output.split("Password: ")[1].split("\n")[0]
    stored = site.shell(STORED)
    assert stored.count("'hub'") == 1
    assert site.shell(PASSWORD % password) == "admin\n"
    keys = site.key_file.read_bytes()

    for command in (["migrate", "--verbosity", "0"], ["ensure_admin"]):
        assert site.manage(*command) == (0, "")
    assert site.shell(STORED) == stored
    assert site.key_file.read_bytes() == keys


def test_an_administrator_of_another_name_is_enough(migrated: Site) -> None:
    migrated.manage(
        "createsuperuser", "--noinput", "--username", "ann", "--email", "ann@example.com"
    )
    assert migrated.manage("ensure_admin") == (0, "")


def test_migrate_waits_for_its_turn(site: Site) -> None:
    site.migrate()
    with Path(f"{site.database}.migrate").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        waiting = site.start("manage.py", "migrate", "--verbosity", "0")
        with pytest.raises(subprocess.TimeoutExpired):  # alone it takes less
            waiting.wait(timeout=2)
    assert waiting.communicate(timeout=120)[0] == ""
    assert waiting.returncode == 0


def test_sites_that_start_together_do_not_fail(site: Site) -> None:
    together = [site.start("manage.py", "migrate", "--verbosity", "0") for _ in range(3)]
    assert [(process.communicate(timeout=120)[0], process.returncode) for process in together] == [
        ("", 0)
    ] * 3
    assert "'hub'" in site.shell(STORED)


def test_another_database_by_its_address(site: Site) -> None:
    site.data.mkdir()
    variables = {
        "DATABASE_URL": f"sqlite:///{site.data}/another",
        "DJANGO_SECRET_KEY": "x" * 50,
        "FIELD_ENCRYPTION_KEY": f"{new_key()},{new_key()}",
    }
    returned, output = site.manage("migrate", "--verbosity", "0", **variables)
    assert returned == 0, output
    assert "'hub'" in site.shell(STORED, **variables)
    assert not site.database.exists()
    assert not site.key_file.exists()


def test_sqlite_keeps_a_write_ahead_log(migrated: Site) -> None:
    output = migrated.shell(
        "from django.db import connection as c\n"
        "print(c.cursor().execute('PRAGMA journal_mode').fetchone())"
    )
    assert output == "('wal',)\n"


def test_asgi_servers_are_served_too(site: Site) -> None:
    with site.start("-c", ASGI) as process:
        assert process.communicate(timeout=60)[0] == "200\n"
