"""The served API keeps to its own document: Schemathesis asks all of it, in every way it knows."""

import os
import secrets
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from tests.api import fake
from tests.fakes.server import FakeServer, Reply
from tests.site.conftest import Site, new_key

HERE = Path(__file__).parent
EXAMPLES = 5
SETUP = """
from django.contrib.auth.models import Permission, User
from registries import services
from registries.models import Registry
user = User.objects.create_user("reader")
codenames = ["view_registry", "query_registry", "hand_over_registry", "view_handover"]
user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
row = Registry(kind="custom", name="Lab", url="{origin}", login="{login}", password="{password}")
row.handover = "any"
row.full_clean()
row.save()
services.check(row)
"""


def database() -> dict[str, str]:
    """Where the site keeps its rows: on the tests' server, if there is one, else its own SQLite."""
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        return {}
    with_own = url.rpartition("/")[0] + "/site_" + secrets.token_hex(4)
    other = connection.copy()  # outside of the transaction that the test runs in
    with closing(other), other.cursor() as cursor:
        cursor.execute("CREATE DATABASE " + with_own.rpartition("/")[2])
    return {
        "DATABASE_URL": with_own,
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEY": new_key(),
    }


@pytest.mark.django_db
def test_the_api_is_what_its_document_says(site: Site, tmp_path: Path) -> None:
    # Nothing leaves the machine: images of other registries end at this proxy.
    with fake.Registry() as registry, FakeServer(lambda request: Reply(403)) as nowhere:
        variables = {
            **database(),
            "DJANGO_SETTINGS_MODULE": "tests.site.quick",
            "DJANGO_DEBUG": "1",
            "REGISTRIES_TIMEOUT": "2",
            "REGISTRIES_PROXY": nowhere.origin,
            "REGISTRIES_NO_PROXY": "127.0.0.1",
        }
        assert site.manage("migrate", "--verbosity", "0", **variables)[0] == 0
        values = {"origin": registry.origin, "login": fake.LOGIN, "password": fake.PASSWORD}
        site.shell(SETUP.format(**values), **variables)
        made = site.manage(
            *("api_tokens", "make", "reader", "--may", "read,query,hand-over"), **variables
        )
        token = made[1]
        with site.served(**variables) as visitor:
            document = tmp_path / "openapi.json"
            answer = visitor.see("/api/schema/", Authorization=f"Bearer {token.strip()}")
            document.write_bytes(answer.content)
            ran = subprocess.run(
                [
                    Path(sys.executable).with_name("schemathesis"),
                    f"--config-file={HERE / 'schemathesis.toml'}",
                    "run",
                    str(document),
                    f"--url={visitor.origin}/api",
                    f"--header=Authorization: Bearer {token.strip()}",
                    f"--max-examples={EXAMPLES}",
                    "--checks=all",
                    "--continue-on-failure",
                    "--generation-deterministic",
                    "--no-color",
                ],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=900,
            )
        registry.released.set()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert registry.requests
