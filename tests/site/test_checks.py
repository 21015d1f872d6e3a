"""The site's own system checks: its files are closed to others, and served to nobody."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.site.conftest import Site

SERVED = """
from ssmsite.settings import *
STATIC_ROOT = DATA_DIR.parent
"""
AS_ANOTHER_USER = """
import os
import django
django.setup()
os.geteuid = lambda: 54321
from ssmsite.checks import check_files
for found in check_files(None):
    print(found.id, found.hint)
"""


@pytest.fixture
def files(migrated: Site) -> list[Path]:
    return [migrated.database, migrated.key_file, migrated.data / "secret_key"]


def test_open_files_are_reported_with_the_command_that_closes_them(
    migrated: Site, files: list[Path]
) -> None:
    """#7: keys, and the rows beside them, are for the site's user alone."""
    for path, mode in zip(files, (0o640, 0o604, 0o622), strict=True):
        path.chmod(mode)
    returned, output = migrated.manage("check", "--deploy")
    assert returned == 0
    assert output.count("(ssmsite.W001)") == len(files)
    for path in files:
        assert f"Other users of the machine can access {path}." in output
    assert migrated.key_file.read_text().strip() not in output
    hints = [line.partition("HINT: ")[2] for line in output.splitlines() if "HINT: chmod" in line]
    for hint in hints:
        subprocess.run(shlex.split(hint), check=True)
    # The twin: then nothing is left to say.
    returned, output = migrated.manage("check", "--deploy", "--fail-level", "DEBUG")
    assert (returned, "no issues (0 silenced)" in output) == (0, True), output


def test_files_of_somebody_else_are_reported(migrated: Site, files: list[Path]) -> None:
    variables = {"DJANGO_SETTINGS_MODULE": "ssmsite.settings"}
    with migrated.start("-c", AS_ANOTHER_USER, **variables) as process:
        output = process.communicate(timeout=60)[0]
    assert set(output.splitlines()) == {f"ssmsite.W001 chown 54321 {path}" for path in files}


def test_files_that_the_site_gives_away_are_reported(migrated: Site, files: list[Path]) -> None:
    """#7, #77: to whoever asks, and to any host that a file of registries names."""
    (migrated.data.parent / "served.py").write_text(SERVED)
    variables = {
        "PYTHONPATH": str(migrated.data.parent),
        "DJANGO_SETTINGS_MODULE": "served",
        "DJANGO_DEBUG": "1",
        "REGISTRIES_SECRETS_DIRS": f"/nowhere,{migrated.data}",
    }
    returned, output = migrated.manage("check", **variables)
    assert returned == 0
    assert output.count("(ssmsite.W002)") == output.count("(ssmsite.W004)") == len(files)
    assert f"{migrated.key_file} is in {migrated.data.parent}" in output
    with migrated.served(**variables) as visitor:
        text = visitor.see(f"/static/{migrated.data.name}/{migrated.key_file.name}").text
    assert text == migrated.key_file.read_text(), "what is reported is so"


def test_named_files_are_closed_by_whoever_brings_them(migrated: Site, tmp_path: Path) -> None:
    """An engine of containers shows them to everybody inside; a file of registries may not."""
    texts = {
        "FIELD_ENCRYPTION_KEY": migrated.key_file.read_text(),
        "DJANGO_EMAIL_URL": "smtps://ann:fake@mail.example",
        "REGISTRIES_NOTIFY": "ntfy://fake",
        "REGISTRIES_PROXY": "http://ann:fake@proxy.example:3128",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o444)
    variables = {f"{name}_FILE": str(tmp_path / name) for name in texts}
    assert f"access {tmp_path}" not in migrated.manage("check", "--deploy", **variables)[1]
    variables["REGISTRIES_SECRETS_DIRS"] = str(tmp_path)
    _returned, output = migrated.manage("check", **variables)
    assert [name for name in texts if f"may send {tmp_path / name}:" not in output] == []


def test_keys_of_the_environment_have_no_files(migrated: Site, tmp_path: Path) -> None:
    """Nor does a database server: there is nothing to look at, and nothing to say."""
    returned, text = migrated.manage(
        "check",
        DATA_DIR=str(tmp_path / "none"),
        DATABASE_URL="postgres://db.example/regs",
        DJANGO_SECRET_KEY="x" * 50,
        FIELD_ENCRYPTION_KEY=migrated.key_file.read_text().strip(),
    )
    assert (returned, "no issues" in text) == (0, True), text
