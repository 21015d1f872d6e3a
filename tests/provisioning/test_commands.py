"""`apply_registries` and `export_registries`: what they print, and how they end."""

import io
import json
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.utils import timezone

from registries import services
from registries.management.commands.apply_registries import Command
from registries.models import Registry
from registries.models.results import CheckResult
from registries.provisioning import applying
from registries.provisioning.document import read
from registries.provisioning.faults import Busy
from registries.verdicts import Verdict
from tests.provisioning.conftest import GHCR, HUB, SECRET, Write, applied

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, str]:
    """How it ends, and what it prints."""
    out = io.StringIO()
    try:
        call_command("apply_registries", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_plan_ends_with_2_where_there_are_changes(write: Write) -> None:
    status, text = run(write(HUB, GHCR), "--plan")
    assert status == 2
    assert text.splitlines() == [
        "NAME      KIND  ACTION  FIELDS",
        "Builds    hub   create  login, password, prefix",
        "Packages  ghcr  create  username, token",
        "team: 2 create.",
    ]
    assert run(write(HUB, GHCR))[0] == 0
    assert run(write(HUB, GHCR), "--plan") == (0, "team: 2 unchanged.\n")


def test_applying_ends_with_0_whether_something_changed_or_not(write: Write) -> None:
    status, text = run(write(HUB))
    assert (status, text.splitlines()[-1]) == (0, "team: 1 created.")
    assert run(write(HUB)) == (0, "team: 1 unchanged.\n")


def test_drift_and_orphans_are_shown(write: Write) -> None:
    applied(write(HUB, GHCR))
    row = Registry.objects.get(name="Builds")
    row.prefix = ""
    row.save()
    status, text = run(write({**HUB, "set": {"login": "other"}}), "--plan")
    assert status == 2
    assert "change  login, prefix (drifted: prefix)" in text
    assert "--prune deletes them" in text


def test_json(write: Write) -> None:
    status, text = run(write(HUB), "--json")
    [row] = Registry.objects.filter(source="team")
    result = json.loads(text)
    assert (status, result) == (
        0,
        {
            "source": "team",
            "applied": True,
            "changes": 1,
            "registries": [
                {
                    "id": row.pk,
                    "name": "Builds",
                    "kind": "hub",
                    "action": "create",
                    "fields": ["login", "password", "prefix"],
                    "drifted": [],
                }
            ],
            "checks": [],
        },
    )
    status, text = run(write({"name": "x"}), "--json")
    [fault] = json.loads(text)["faults"]
    assert (status, fault["path"], fault["code"]) == (1, "registries[0].kind", "required")


def test_a_wrong_file_ends_with_1(write: Write) -> None:
    with pytest.raises(CommandError, match=r"Nothing was applied\.\n.*kind: This is req") as caught:
        run(write({"name": "x"}))
    assert caught.value.returncode == 1


def test_others_at_the_same_rows_end_with_3(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*arguments: Any) -> None:
        raise Busy("Others were writing.")

    monkeypatch.setattr(applying, "apply", busy)
    with pytest.raises(CommandError, match="Run it again") as caught:
        run(write(HUB))
    assert caught.value.returncode == 3


@pytest.mark.parametrize("arguments", [("--unknown", "x.yaml"), ()])
def test_wrong_options_never_end_as_a_plan_with_changes(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as end:
        Command(stderr=io.StringIO()).run_from_argv(["manage.py", "apply_registries", *arguments])
    assert end.value.code == 1


@pytest.mark.parametrize(
    ("verdict", "code", "status"),
    [
        (Verdict.VALID, "signed_in", 0),
        (Verdict.UNREACHABLE, "refused", 0),
        (Verdict.REJECTED, "bad_credentials", 4),
        (Verdict.MISCONFIGURED, "not_a_registry", 4),
        (Verdict.MISCONFIGURED, "image_needed", 0),
    ],
)
def test_checks_afterwards(
    write: Write, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, code: str, status: int
) -> None:
    """What was applied stays, whatever the registries say."""
    checked: list[str] = []

    def check_many(rows: list[Registry], **options: Any) -> list[CheckResult]:
        checked.extend(row.name for row in rows)
        return [CheckResult(verdict, code, timezone.now()) for _row in rows]

    monkeypatch.setattr(services, "check_many", check_many)
    ended, text = run(write(HUB), "--check")
    assert (ended, checked) == (status, ["Builds"])
    assert f"Builds: {verdict}." in text
    assert Registry.objects.filter(name="Builds", source="team").exists()
    with pytest.raises(CommandError, match="leave it out"):
        run(write(HUB), "--plan", "--check")


def test_no_secret_is_printed(write: Write) -> None:
    for options in ((), ("--json",), ("--plan",), ("--plan", "--json")):
        assert SECRET not in run(write(HUB), *options)[1]


def exported(*arguments: str) -> str:
    out = io.StringIO()
    call_command("export_registries", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("form", ["yaml", "toml"])
def test_an_export_can_be_applied(write: Write, form: str) -> None:
    applied(write(HUB, GHCR))
    text = exported("--source", "team", "--format", form)
    assert [each.name for each in read([(f"x.{form}", text.encode())]).declared] == [
        "Builds",
        "Packages",
    ]
    assert SECRET not in text
    if form == "yaml":
        assert yaml.safe_load(text)["registries"][0] == {
            **HUB,
            "secrets": {"password": {"env": "REGISTRIES_SECRET_BUILDS_PASSWORD"}},
        }


def test_nothing_to_export() -> None:
    for arguments, who in (((), "Nobody"), (("--source", "x"), "The source “x”")):
        with pytest.raises(CommandError, match=who):
            exported(*arguments)
