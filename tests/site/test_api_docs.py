"""The examples of docs/api.md work as they stand, on the served site."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.api import fake
from tests.site.conftest import ROOT, Site

TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SETUP = """
from django.contrib.auth.models import Permission, User
from registries.models import Registry
user = User.objects.create_user("program")
codenames = ["view_registry", "query_registry"]
user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
row = Registry(kind="custom", name="Lab", url="{origin}", login="{login}", password="{password}")
row.full_clean()
row.save()
# More than one page of them.
for number in range(50):
    Registry(kind="custom", name=f"Lab {{number}}", url=f"https://lab-{{number}}.example").save()
"""


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the page's session begins with: a served site, a token, and an image."""
    site = Site(tmp_path_factory.mktemp("site") / "data")
    with fake.Registry() as registry:
        values = {"origin": registry.origin, "login": fake.LOGIN, "password": fake.PASSWORD}
        site.migrate()
        site.shell(SETUP.format(**values))
        # The command as the page writes it, with the name of somebody.
        make = examples("sh")[0].replace("USERNAME", "program").split()
        assert make[:2] == ["python", "manage.py"]
        returned, token = site.manage(*make[2:])
        assert returned == 0, token
        with site.served(DJANGO_DEBUG="1") as visitor:
            yield site.environment(
                SITE=visitor.origin,
                TOKEN=token.strip(),
                IMAGE=registry.origin.removeprefix("http://") + "/acme/app",
            )


def run(program: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program, env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def curl(variables: dict[str, str]) -> list[str]:
    """What each curl line of the page prints."""
    lines = [line for block in examples("sh") for line in block.splitlines() if "curl " in line]
    args = []
    for line in lines:
        ran = run(["bash", "-c", line], variables)
        assert ran.returncode == 0, (line, ran.stderr)
        args.append(ran.stdout)
    return args


def test_the_session_in_curl(variables: dict[str, str]) -> None:
    listed, rejected, ending, resolved, tags, digest = map(json.loads, curl(variables))
    assert listed["count"] == 56
    assert (rejected["count"], ending["count"]) == (0, 0)
    assert resolved["registry"]["name"] == "Lab"
    assert tags["tags"] == ["latest", "one"]
    assert digest["digest"] == fake.PLATFORMS[0]["digest"]


def test_the_session_in_python(variables: dict[str, str]) -> None:
    (program,) = examples("python")
    ran = run([sys.executable, "-c", program], variables)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert "Lab authenticated not checked" in lines
    # On the last page.
    assert "Quay anonymous not checked" in lines
    assert lines[-2:] == [fake.digest_of("latest"), "['latest', 'one']"]


def test_without_its_token_nothing_works(variables: dict[str, str]) -> None:
    (program,) = examples("python")
    nobody = {**variables, "TOKEN": "wrong"}
    assert "401" in run([sys.executable, "-c", program], nobody).stderr
    with pytest.raises(AssertionError, match="401"):
        curl(nobody)


def test_a_registrys_fault_is_told(variables: dict[str, str]) -> None:
    (program,) = examples("python")
    broken = {**variables, "IMAGE": variables["IMAGE"].replace("/app", "/broken")}
    assert (
        "The registry's fault: server_error." in run([sys.executable, "-c", program], broken).stderr
    )
