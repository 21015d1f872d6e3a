"""Checking many rows of the app."""

from collections import Counter
from collections.abc import Sequence

import django

django.setup()

from django.apps import apps
from django.conf import settings
from django.db import connection

import registries.client.client  # noqa: F401 - services load it when they first need it
from registries import services
from registries.models import Registry
from tests.bench.process import Job


class Client:
    """A row for each of `origins`, in their order, with the account of the job."""

    def __init__(self, job: Job, origins: Sequence[str], timeout: float) -> None:
        settings.REGISTRIES = {"TIMEOUT": timeout}
        with connection.schema_editor() as editor:
            for model in apps.get_app_config("registries").get_models():
                editor.create_model(model)
        for number, origin in enumerate(origins):
            account = {"login": job.username, "password": job.password}
            Registry(kind="custom", name=f"{number:03d}", url=origin, **account).save()

    def check_many(self) -> dict[str, int]:
        """How many rows had each code."""
        results = services.check_many(Registry.objects.order_by("name"))
        return dict(Counter(result.code for result in results))
