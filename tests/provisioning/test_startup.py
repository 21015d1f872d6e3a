"""`REGISTRIES["FILE"]`: applied after `migrate`, or nothing is started."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from registries.models import Registry
from tests.provisioning.conftest import GHCR, HUB, Write

pytestmark = pytest.mark.django_db


def test_the_file_is_applied_after_migrate(write: Write, settings: Any) -> None:
    settings.REGISTRIES = {"FILE": write(HUB)}
    call_command("migrate", verbosity=0)
    assert Registry.objects.get(name="Builds").source == "team"
    settings.REGISTRIES = {"FILE": write(GHCR)}
    call_command("migrate", verbosity=0)
    assert Registry.objects.filter(source="team").count() == 2, "it never prunes"


def test_a_wrong_file_stops_the_start(write: Write, settings: Any) -> None:
    settings.REGISTRIES = {"FILE": write(HUB, {"name": "x"})}
    with pytest.raises(CommandError, match=r"registries are as they were.\n.*registries\[1\].kind"):
        call_command("migrate", verbosity=0)
    assert not Registry.objects.filter(source="team").exists()
