"""What is left behind: of erased secrets in SQLite's file, of pages in caches, of backups."""

import re
import sqlite3
import subprocess
from shutil import which

import pytest

from tests.site.conftest import ROOT, Site

ERASE = """
from django.db import connection
from registries import services
from registries.models import Registry
registry = Registry.objects.get(kind="hub", is_default=True)
# So long that it takes pages of its own: those are freed as they are.
registry.login, registry.password = "somebody", "canary" * 2000
registry.save()
with connection.cursor() as cursor:
    cursor.execute("SELECT password FROM registries_registry WHERE id = %s", [registry.pk])
    print(cursor.fetchone()[0])
services.reset(registry)
with connection.cursor() as cursor:
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""
CARELESS = """
from ssmsite.settings import *
DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA secure_delete=OFF"
"""


@pytest.mark.parametrize("careless", [False, True])
def test_sqlite_overwrites_what_is_erased(careless: bool, migrated: Site) -> None:
    """#98: after a reset the ciphertext is nowhere in the file; the twin shows that it would be."""
    variables = {}
    if careless:
        (migrated.data.parent / "careless.py").write_text(CARELESS)
        variables = {
            "PYTHONPATH": str(migrated.data.parent),
            "DJANGO_SETTINGS_MODULE": "careless",
        }
    token = migrated.shell(ERASE, **variables).strip().encode()
    assert len(token) > 10_000
    files = [migrated.database, migrated.database.with_name("db.sqlite3-wal")]
    stored = b"".join(path.read_bytes() for path in files if path.exists())
    assert (token[-60:] in stored) is careless


def test_the_documented_backup_is_its_owners_alone(migrated: Site) -> None:
    """#99: whoever has it and the key has the secrets."""
    if which("sqlite3") is None:
        pytest.skip("the documented backup was not tried: apt-get install sqlite3")
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"`(\(umask 077; sqlite3 .*?\))`", page)
    copy = migrated.data / "copy"
    command = command.replace("var/db.sqlite3", str(migrated.database)).replace("FILE", str(copy))
    subprocess.run(["bash", "-c", f"umask 022; {command}"], check=True)
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM registries_registry").fetchone() == (5,)
    connection.close()


def test_no_cache_keeps_the_home_page(migrated: Site) -> None:
    """#99: it shows how the registries are, and who is signed in."""
    with migrated.served(DJANGO_DEBUG="1") as visitor:
        assert {"no-store", "private"} <= set(visitor.see("/").headers["Cache-Control"].split(", "))
