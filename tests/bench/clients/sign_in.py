"""One check of one row of the app, in a process that has signed in nowhere yet."""

import sys
from collections.abc import Mapping

import django

django.setup()

from django.apps import apps
from django.conf import settings
from django.db import connection

from registries import services
from registries.models import Registry
from tests.bench.process import Job

# What is worth knowing whether it was loaded.
HEAVY = ("requests", "urllib3", "botocore", "boto3", "google.auth", "msal")


class Client:
    """A row of any kind, and the servers that stand in for its registry."""

    def __init__(
        self,
        job: Job,
        row: Mapping[str, str],
        endpoints: Mapping[str, str],
        certificate: str,
        image: str | None,
    ) -> None:
        settings.REGISTRIES = {"ENDPOINTS": endpoints}
        with connection.schema_editor() as editor:
            for model in apps.get_app_config("registries").get_models():
                editor.create_model(model)
        self._row = Registry(name="bench", ca_certificate=certificate, **row)
        self._image = image

    def check(self) -> str:
        """The code of the verdict."""
        return services.check(self._row, self._image).code

    def loaded(self) -> list[str]:
        return [name for name in HEAVY if name in sys.modules]
