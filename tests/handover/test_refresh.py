"""refresh_pull_secrets: which files it writes, how, when again, and when it leaves them alone."""

import base64
import json
import os
import signal
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from registries.management.commands import refresh_pull_secrets
from registries.management.commands.refresh_pull_secrets import next_time
from registries.management.pull_secrets import read_plan
from registries.models import Handover, Registry
from tests.factories import create
from tests.handover.conftest import Cloud

pytestmark = pytest.mark.django_db
NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECRET = "fake-canary"


@pytest.fixture
def row() -> Registry:
    return create("ghcr", name="Acme", handover="any", token=SECRET)


def plan(folder: Path, *tables: str) -> str:
    path = folder / "plan.toml"
    path.write_text("".join(f"[[file]]\n{table}\n" for table in tables))
    return str(path)


def table(path: Path, form: str = "docker", more: str = "") -> str:
    return f'path = "{path}"\nform = "{form}"\nregistries = ["acme"]\n{more}'


def once(plan_path: str) -> int:
    try:
        call_command("refresh_pull_secrets", plan_path, "--once")
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_files_of_every_form(row: Registry, tmp_path: Path, capsys: Any) -> None:
    paths = {form: tmp_path / form for form in ("docker", "podman", "kubernetes")}
    more = 'name = "pull"\nnamespace = "apps"\n'
    plan_path = plan(
        tmp_path, *(table(paths[f], f, more if f == "kubernetes" else "") for f in paths)
    )
    umask = os.umask(0o277)
    try:
        assert once(plan_path) == 0
    finally:
        os.umask(umask)
    auth = base64.b64encode(f"johndoe:{SECRET}".encode()).decode()
    for form in ("docker", "podman"):
        assert json.loads(paths[form].read_text())["auths"]["ghcr.io"] == {"auth": auth}
    secret = yaml.safe_load(paths["kubernetes"].read_text())
    assert (secret["metadata"]["name"], secret["metadata"]["namespace"]) == ("pull", "apps")
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths.values()} == {0o600}
    assert {path.name for path in tmp_path.iterdir()} == {*paths, "plan.toml"}
    assert set(Handover.objects.values_list("way", "code", "user_name")) == {
        ("command", "handed_over", "")
    }
    written = capsys.readouterr()
    assert written.out.count("written, no end") == 3
    before = {path.stat().st_ino for path in paths.values()}
    assert once(plan_path) == 0
    again = capsys.readouterr()
    assert again.out.count("unchanged, no end") == 3
    assert before == {path.stat().st_ino for path in paths.values()}
    for text in (*written, *again):
        assert SECRET not in text
        assert auth not in text


def test_a_row_is_named_by_its_id_or_name(row: Registry, tmp_path: Path, capsys: Any) -> None:
    """The id stays with the row, however somebody renames it."""
    path = tmp_path / "config.json"
    plan_path = plan(tmp_path, table(path).replace('"acme"', f'{row.pk}, "acme"'))
    assert once(plan_path) == 0
    assert next(iter(json.loads(path.read_text())["auths"])) == "ghcr.io"
    row.name = "Renamed"
    row.save()
    assert once(plan_path) == 1
    assert "no such registry: acme." in capsys.readouterr().err
    assert once(plan(tmp_path, table(path).replace('"acme"', str(row.pk)))) == 0
    assert once(plan(tmp_path, table(path).replace('"acme"', str(row.pk + 1)))) == 1
    assert f"no such registry: {row.pk + 1}." in capsys.readouterr().err


def test_a_file_that_others_may_read_is_written_anew(row: Registry, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    plan_path = plan(tmp_path, table(path))
    assert once(plan_path) == 0
    path.chmod(0o644)
    assert once(plan_path) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("which", ["file", "folder", "pipe", "settings", "nothing"])
def test_what_is_not_written_to(which: str, row: Registry, tmp_path: Path, capsys: Any) -> None:
    other = tmp_path / "other"
    other.mkdir()
    target, path = other / "config.json", tmp_path / "in" / "config.json"
    target.write_text("{}")
    if which == "folder":
        path.parent.symlink_to(other)
    elif which != "nothing":
        path.parent.mkdir()
    match which:
        case "file":
            path.symlink_to(target)
        case "pipe":
            os.mkfifo(path)
        case "settings":
            path.write_text('{"auths": {}, "credsStore": "pass"}')
    good = tmp_path / "good.json"
    assert once(plan(tmp_path, table(path), table(good))) == 1
    assert good.exists(), "the others are written nevertheless"
    assert target.read_text() == "{}"
    if which == "settings":
        assert "credsStore" in path.read_text()
    stderr = capsys.readouterr().err
    assert str(path) in stderr
    assert SECRET not in stderr


def test_what_cannot_be_had_leaves_the_file(row: Registry, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "config.json"
    plan_path = plan(tmp_path, table(path))
    assert once(plan_path) == 0
    content = path.read_text()
    row.handover = "none"
    row.save()
    assert once(plan_path) == 1
    assert "does not allow" in capsys.readouterr().err
    row.delete()
    assert once(plan_path) == 1
    assert capsys.readouterr().err == f"{path}: There is no such registry: acme.\n"
    assert path.read_text() == content


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must have tables"),
        ("[[file]", "is not TOML"),
        ('[file]\npath = "/a"', "must have tables"),
        (
            '[[file]]\nmode = "0644"',
            "[[file]] 1: it may only have form, name, namespace, path, reg",
        ),
        ('[[file]]\npath = "config.json"', "path must be an absolute path"),
        ('[[file]]\npath = "/"', "path must be an absolute path"),
        ('[[file]]\npath = "/a"\nform = "line"', "form must be one of docker, podman, kubernetes"),
        ('[[file]]\npath = "/a"\nform = "docker"\nregistries = []', "must be a list of ids"),
        ('[[file]]\npath = "/a"\nform = "docker"\nregistries = [true]', "must be a list of ids"),
        ('[[file]]\npath = "/a"\nform = "docker"\nregistries = ["a"]\nname = "x"', "only for"),
        (
            '[[file]]\npath = "/a"\nform = "kubernetes"\nregistries = ["a"]\nname = "A b"',
            "name is not a valid name in Kubernetes",
        ),
        ('[[file]]\npath = "/a"\nform = "docker"\nregistries = ["a"]\n' * 2, "the same path"),
    ],
)
def test_a_plan_that_is_wrong(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(CommandError) as error:
        call_command("refresh_pull_secrets", str(path), "--once")
    assert sentence in str(error.value)
    assert not Handover.objects.exists()


def test_the_plan_of_the_documentation(tmp_path: Path) -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    text = (docs / "programs.md").read_text(encoding="utf-8")
    (example,) = [
        part.split("```")[0] for part in text.split("```toml\n")[1:] if "[[file]]" in part
    ]
    path = tmp_path / "plan.toml"
    path.write_text(example)
    assert {file.form.slug for file in read_plan(path)} == {"docker", "podman", "kubernetes"}


@pytest.mark.parametrize(
    ("left", "seconds"),
    [(None, 3600), (12 * 3600, 3600), (3600, 1800), (60, 60), (-60, 60)],
)
def test_when_a_file_is_due_again(left: int | None, seconds: int) -> None:
    end = None if left is None else NOW + timedelta(seconds=left)
    assert next_time(end, NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("use_tz", [True, False])
def test_short_lived_ones_are_written_again_before_they_end(
    use_tz: bool,
    cloud: Callable[..., Cloud],
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes on until SIGTERM, and then ends in peace."""
    settings.USE_TZ = use_tz
    made = cloud("ecr")
    path = tmp_path / "auth.json"
    table = f'path = "{path}"\nform = "podman"\nregistries = ["{made.row.name}"]\n'
    times: list[float] = []

    class Stopped(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            (entry,) = json.loads(path.read_text())["auths"].values()
            assert base64.b64decode(entry["auth"]).startswith(b"AWS:")
            times.append(timeout or 0)
            if len(times) == 2:
                os.kill(os.getpid(), signal.SIGTERM)
            return self.is_set()

    before = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(f"{refresh_pull_secrets.__name__}.Event", Stopped)
        # It would close the database of the tests.
        patch.setattr(f"{refresh_pull_secrets.__name__}.close_old_connections", lambda: None)
        at_once = f"{refresh_pull_secrets.__name__}.next_time"
        patch.setattr(at_once, lambda end, now: min(now, next_time(end, now)))
        call_command("refresh_pull_secrets", plan(tmp_path, table))
    assert signal.getsignal(signal.SIGTERM) == before
    assert Handover.objects.filter(code="handed_over").count() == 2
