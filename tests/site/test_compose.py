"""The containers of compose.yaml. `make image-test` runs the image; these need no engine."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ssmsite import env, keys
from tests.site.conftest import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("migrate", "site", "checks")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder of the secrets that deploy/make-secrets makes."""
    (tmp_path / "deploy").mkdir()
    script = shutil.copy(ROOT / "deploy/make-secrets", tmp_path / "deploy")
    subprocess.run([script], check=True, capture_output=True)
    return tmp_path / "secrets"


def test_every_secret_is_made_and_given_to_whom_it_is_for(made: Path) -> None:
    assert {file.name for file in made.iterdir()} == set(COMPOSE["secrets"])
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"] == f"secrets/{name}"
    for service in SERVICES.values():
        files = [
            value.removeprefix("/run/secrets/")
            for value in [*service.get("environment", {}).values(), *service.get("command", [])]
            if value.startswith("/run/secrets/")
        ]
        assert sorted(files) == sorted(service.get("secrets", []))


def test_the_secrets_are_good(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICES["site"]["environment"].items():
        if name.endswith("_FILE"):
            monkeypatch.setenv(name, value.replace("/run/secrets", str(made)))
            monkeypatch.delenv(name.removesuffix("_FILE"), raising=False)
    database = env.database(Path("own"))
    assert database["PASSWORD"] == (made / "postgres_password").read_text().strip()
    assert (database["HOST"], database["NAME"]) == ("postgres", "registries")
    password = env.cache()["LOCATION"].removeprefix("redis://:").removesuffix("@redis/0")
    assert (made / "redis.conf").read_text() == f"requirepass {password}\n"
    secret_key, encryption_keys = keys.read(Path("own"), Path("own"))
    assert len(secret_key) == 64
    assert len(set(map(len, encryption_keys))) == 1 == len(encryption_keys)


def test_other_users_cannot_read_them_and_containers_can(made: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in made.iterdir()} == {0o444}


def test_they_are_made_once(made: Path) -> None:
    (made / "cache_url").unlink()
    made.chmod(0o755)
    before = {file.name: file.read_text() for file in made.iterdir()}
    subprocess.run([made.parent / "deploy/make-secrets"], check=True, capture_output=True)
    assert before.items() < {file.name: file.read_text() for file in made.iterdir()}.items()
    assert (made / "cache_url").read_text().strip()
    assert made.stat().st_mode & 0o777 == 0o700, "it was open to all"


@pytest.mark.parametrize("name", OURS)
def test_the_sites_containers_may_do_as_little_as_they_can(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in service, "the image's own"
    assert "ports" not in service, "they are reached through the proxy"


@pytest.mark.parametrize("name", OURS)
def test_links_in_messages_lead_to_the_site(name: str) -> None:
    assert SERVICES[name]["environment"]["REGISTRIES_SITE_URL"] == "https://${SITE_HOST}"


def test_nothing_starts_before_the_database_is_migrated() -> None:
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("site", "checks"):
        needed = SERVICES[name]["depends_on"]["migrate"]["condition"]
        assert needed == "service_completed_successfully"


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["back"]


def test_git_and_the_image_ignore_the_secrets() -> None:
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert [rule for rule in rules if rule and rule[0] not in "#!"] == ["*", "**/__pycache__"]
    assert not [rule for rule in rules if "secret" in rule and rule[0] == "!"]
