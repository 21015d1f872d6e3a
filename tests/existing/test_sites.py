"""The app in sites that others made: it is installed from the wheel, and used once everywhere.

`project/visit.py` runs in a process for each of the settings in `project/config/settings`.
"""

import json
from pathlib import Path
from typing import Any

import pymysql
import pytest
from django.db import connection

from tests.existing.guest import environment, run
from tests.fakes.selfhosted import BasicRegistry

DEFAULTS = ["ecr", "gcr", "ghcr", "hub", "quay"]
# What is seen otherwise than elsewhere, or only there.
OWN: dict[str, dict[str, Any]] = {
    "unfold": {},
    # Its admins registered anew, each as one of the theme.
    "themed": {},
    "jazzmin": {},
    "grappelli": {},
    "backoffice": {"hand-over": 200, "links to the other admin": 0, "the other admin": 200},
    "german": {
        "Liste": 200,
        "many": 200,
        "addresses in German": "/shipyard/de/admin/registries/registry/",
        "keys with points": 0,
    },
    "databases": {"tables": {"default": False, "vault": True}},
    # Nobody signs in there with a browser.
    "rest": {"documentation": 401, "documentation lacks": ["curl"]},
    # No page needs scripts or styles within it: `… is refused` would be here.
    "strict": {},
    "guarded": {
        "without the second factor": 302,
        # Permissions for single rows give nobody anything: the app asks for those of the model.
        "with permissions for one row": [403, 403, 403],
        "records with a password": [1, 0],
    },
}
PAGES = (
    *("index", "list", "kinds", "import", "plan", "add", "faults", "added", "form", "check"),
    *("check several", "history", "checks", "event", "hand-overs", "notifications", "hand over"),
    *("image", "outcomes", "delete", "deleted", "documentation", "API"),
)
EVERYWHERE = {
    **dict.fromkeys(PAGES, 200),
    "API to strangers": 401,
    "API of what is missing": 404,
    "API speaks": ["code", "count", "detail", "is_default", "results"],
}


def visited(python: Path, site: str, registry: BasicRegistry, env: dict[str, str]) -> Any:
    """Return what somebody saw who used the app there."""
    seen = json.loads(run(str(python), "visit.py", *registry.right, registry.origin, env=env))
    assert "/venv/lib/" in seen["imported from"]
    assert [kind for kind in seen["kinds"] if kind != "custom"] == DEFAULTS
    assert seen["static files"] > 20
    assert seen["static files not found"] == []
    return seen["pages"]


@pytest.mark.parametrize("site", OWN)
def test_a_site_of_others(
    site: str, python: Path, registry: BasicRegistry, endpoints: str, tmp_path: Path
) -> None:
    """Without a warning of `check`, every page opens, and what a page does is done."""
    env = environment(site, tmp_path, ENDPOINTS=endpoints)
    assert visited(python, site, registry, env) == EVERYWHERE | OWN[site]


@pytest.mark.django_db
def test_a_site_on_a_database_server(
    python: Path, registry: BasicRegistry, endpoints: str, tmp_path: Path
) -> None:
    """Its own database on the server of `make test-mariadb`."""
    if connection.vendor != "mysql":
        pytest.skip("`make test-mariadb` runs it")
    server = {name.lower(): connection.settings_dict[name] for name in ("HOST", "PORT", "USER")}
    with pymysql.connect(**server | {"port": int(server["port"])}) as admin:
        admin.cursor().execute("CREATE DATABASE IF NOT EXISTS existing_site")
    url = f"mysql://{server['user']}@{server['host']}:{server['port']}/existing_site"
    env = environment("plain", tmp_path, ENDPOINTS=endpoints, DATABASE_URL=url)
    assert visited(python, "plain", registry, env) == EVERYWHERE
