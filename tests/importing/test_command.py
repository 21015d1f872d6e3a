"""`import_registries`: what it shows, what it writes, and what it leaves alone."""

import io
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from registries.importing import writing
from registries.models import Registry
from tests.canaries import Canaries
from tests.factories import create
from tests.importing.test_samples import SAMPLES, added

pytestmark = pytest.mark.django_db

TWO = {"auths": {"ghcr.io": {"username": "johndoe", "password": "fake-new"}, "b.example": {}}}


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("import_registries", *arguments, stdout=out)
    return out.getvalue()


def run_json(*arguments: str) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = json.loads(run(*arguments, "--json"))
    return result


def one(folder: Path, host: str, user: str = "johndoe", password: str = "fake") -> str:
    """A file of one login."""
    path = folder / "config.json"
    auths = {host: {"username": user, "password": password}}
    path.write_text(json.dumps({"auths": auths}))
    return str(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(TWO))
    return path


def test_a_plan_writes_nothing(file: Path) -> None:
    text = run(str(file), "--from", "docker", "--plan")
    assert text.splitlines()[0].split() == ["NAME", "KIND", "FOR", "LOGIN", "STATE", "FINGERPRINT"]
    assert text.splitlines()[-1] == "2 in the file: 1 new, 1 refused. 1 to add."
    assert "    This entry has no login." in text.splitlines()
    assert not added().exists()


def test_what_is_new_is_added_once(file: Path) -> None:
    """A second time everything is already here; the fingerprint is the same."""
    first, refused = run_json(str(file), "--from", "docker")
    row = added().get()
    assert (first["state"], first["id"], refused["id"]) == ("new", row.pk, None)
    assert (row.kind, row.name) == ("ghcr", "ghcr.io")
    assert row.values() == {"username": "johndoe", "token": "fake-new"}
    assert row.handover == "none"
    again, _refused = run_json(str(file), "--from", "docker")
    assert (again["state"], again["id"]) == ("already here", None)
    assert again["details"] == ["“ghcr.io” is the same."]
    assert again["fingerprint"] == first["fingerprint"]
    assert added().count() == 1


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({"username": "johndoe", "token": "fake-new"}, "already here"),
        ({"username": "johndoe", "token": "fake-old"}, "conflict"),
        ({"username": "somebody", "token": "fake-new"}, "conflict"),
        ({"username": None, "token": None}, "conflict"),
        ({"prefix": "ghcr.io/acme"}, "new"),
    ],
)
def test_what_is_there_is_not_overwritten(file: Path, columns: dict[str, Any], state: str) -> None:
    row = create("ghcr", name="Mine", **columns)
    before = row.values()
    result, _refused = run_json(str(file), "--from", "docker")
    assert result["state"] == state
    assert state == "new" or "Mine" in result["details"][0]
    row = Registry.objects.get(pk=row.pk)
    assert row.values() == before
    assert Registry.objects.filter(name="ghcr.io").exists() == (state == "new")


@pytest.mark.parametrize("key", ["my-server", "http://my-server", "localhost", "h.example:443"])
def test_hosts_that_images_name_with_a_port(key: str, tmp_path: Path) -> None:
    """Or that have none: a second time they are already here."""
    path = one(tmp_path, key)
    states = [run_json(path, "--from", "podman")[0]["state"] for _time in range(2)]
    assert states == ["new", "already here"]


def test_a_row_whose_secret_cannot_be_read_is_a_conflict(
    file: Path, use_keys: Callable[..., None]
) -> None:
    create("ghcr", name="Mine", username="johndoe", token="fake-new")
    use_keys(Fernet.generate_key())
    result, _refused = run_json(str(file), "--from", "docker", "--plan")
    assert (result["state"], "Mine" in result["details"][0]) == ("conflict", True)


def test_only_what_is_named_is_added(file: Path) -> None:
    """A conflict and a row without its secret are added when somebody names them."""
    path = str(SAMPLES / "portainer.json")
    run(path, "--from", "portainer", "--only", "hub OF ours", "--only", "Guests")
    assert list(added().values_list("name", flat=True)) == ["Guests", "Hub of ours"]
    assert {row.state for row in added()} == {"anonymous"}
    create("ghcr", name="ghcr.io", username="somebody", token="fake-old")
    run(str(file), "--from", "docker", "--only", "ghcr.io (2)")
    assert Registry.objects.get(name="ghcr.io (2)").values()["token"] == "fake-new"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing", "The file has no entry with the name: nothing."),
        ("b.example", "b.example: This entry has no login."),
    ],
)
@pytest.mark.parametrize("plan", [[], ["--plan"]], ids=["", "plan"])
def test_what_cannot_be_added_is_said(file: Path, name: str, reason: str, plan: list[str]) -> None:
    with pytest.raises(CommandError, match=re.escape(reason)):
        run(str(file), "--from", "docker", "--only", "ghcr.io", "--only", name)
    assert not added().exists()


def test_what_is_here_may_be_named_again(file: Path) -> None:
    """A plan is of what is named."""
    named = (str(file), "--from", "docker", "--only", "ghcr.io")
    assert run(*named, "--plan").splitlines()[-1].endswith(" 1 to add.")
    for _time in range(2):
        run(*named)
    assert added().count() == 1


def test_what_is_added_is_logged(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "registries.importing"):
        run(str(file), "--from", "docker", "--plan")
        assert not caplog.messages
        run(str(file), "--from", "docker")
    assert caplog.messages == ["Imported “ghcr.io” from a file of the form docker."]


def test_the_plan_shows_the_login_unless_it_is_a_token(tmp_path: Path) -> None:
    for user, login in (("johndoe", "johndoe"), ("ghp_fake123", ""), ("f" * 65, "")):
        path = one(tmp_path, "r.example", user)
        assert run_json(path, "--from", "docker", "--plan")[0]["login"] == login


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("http://r.example", "https://r.example"),
        ("http://r.example:5000/v1/", "https://r.example:5000"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
    ],
)
def test_credentials_go_over_tls_as_docker_sends_them(key: str, url: str, tmp_path: Path) -> None:
    for form in ("docker", "podman", "kubernetes"):
        run(one(tmp_path, key), "--from", form)
        assert added().get().url == url, form
        added().delete()


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    (item,) = run_json(one(tmp_path, "r.example", password="x\ud800"), "--from", "docker")
    assert item["state"] == "refused"
    assert item["details"]
    assert not added().exists()


def test_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that cannot be saved takes those before it along."""
    save = Registry.save

    def fail_at_third(row: Registry, *args: Any, **kwargs: Any) -> None:
        if added().count() == 2:
            raise writing.IntegrityError
        save(row, *args, **kwargs)

    monkeypatch.setattr(Registry, "save", fail_at_third)
    with pytest.raises(CommandError, match="meanwhile"):
        run(str(SAMPLES / "docker.json"), "--from", "docker")
    assert not added().exists()


@pytest.mark.parametrize("arguments", [[], ["--plan"], ["--json"]])
def test_nothing_secret_is_shown(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With all libraries logging at DEBUG; the file is not kept either."""
    caplog.set_level("DEBUG")
    canaries = Canaries()
    path = tmp_path / "wud.env"
    path.write_text(
        f"WUD_REGISTRY_HUB_A_AUTH={canaries.auth()}\n"
        f"WUD_REGISTRY_HUB_B_LOGIN=johndoe\nWUD_REGISTRY_HUB_B_PASSWORD='{canaries.one()}'\n"
        f"WUD_REGISTRY_GITLAB_C_TOKEN='{canaries.one()}'\n"
        f"WUD_REGISTRY_GITLAB_C_URL='not an address {canaries.one()}'\n"
        f"WUD_REGISTRY_ECR_D_REGION='{canaries.one()}'\n"
        f"WUD_REGISTRY_ECR_D_ACCESSKEYID='{canaries.one()}'\n"
    )
    out = run(str(path), "--from", "wud", *arguments)
    assert "hub a" in out
    canaries.assert_absent("the output", out)
    canaries.assert_absent("the log", caplog.text)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run(str(tmp_path / "nowhere"), "--from", "docker")
    (tmp_path / "file").write_text("nothing")
    with pytest.raises(CommandError, match="not JSON: look at line 1"):
        run(str(tmp_path / "file"), "--from", "docker")


def test_standard_input(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    run("--from", "docker")
    assert added().get().name == "ghcr.io"
