"""What a site's database routers say holds for every write of the app."""

import json
import subprocess
import sys
from pathlib import Path

from registries.kinds import KINDS

SHELL = (sys.executable, "-m", "django", "shell", "--no-imports", "--command")


def test_what_is_read_from_a_copy_is_written_where_the_router_says(tmp_path: Path) -> None:
    """And what belongs together is written together, in whichever database that is."""
    ran = subprocess.run(
        [*SHELL, "import tests.integrity.several_databases"],
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "DJANGO_SETTINGS_MODULE": "tests.integrity.several_settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "default rows": sum(kind.default_name is not None for kind in KINDS.values()),
        "saved": {"login": "johndoe", "password": "fake-password"},
        "reset": {},
        "checked": ["unreachable", 1],
        "checked in the admin": "anonymous",
        "checked by choice": ["unreachable", 1],
        "failed": "the disk is full",
        "checked in part": ["", 0],
        "left": 0,
    }
