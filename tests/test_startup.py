"""Loading the app costs little: what signs in to registries is imported by who first signs in."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SDKS = {"boto3", "botocore", "google.auth", "msal"}
HEAVY = SDKS | {"requests", "registries.client.client", "prometheus_client"}


def imported(code: str) -> set[str]:
    """Those of HEAVY that a fresh process has imported after running the code."""
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps([*sys.modules]))"],
        cwd=Path(__file__).parents[1],
        env={"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return HEAVY & set(json.loads(ran.stdout.splitlines()[-1]))


def test_loading_the_app_imports_no_client() -> None:
    assert imported("import django; django.setup()") == set()


@pytest.mark.parametrize(
    "code",
    [
        "from django.urls import get_resolver; get_resolver().url_patterns",
        "from django.core.management import call_command; call_command('check')",
    ],
    ids=["urls", "check"],
)
def test_serving_the_app_imports_no_client(code: str) -> None:
    # Django REST framework imports requests for its test client, wherever it is installed.
    assert imported(f"import django; django.setup()\n{code}") <= {"requests"}


def test_the_client_imports_no_sdk() -> None:
    assert imported("import registries.client.client") & SDKS == set()


@pytest.mark.parametrize(
    ("module", "sdks"),
    [("aws", {"boto3", "botocore"}), ("google", {"google.auth"}), ("azure", {"msal"})],
)
def test_an_exchange_imports_its_own_sdk_alone(module: str, sdks: set[str]) -> None:
    assert imported(f"import registries.client.exchange.{module}") & SDKS == sdks
