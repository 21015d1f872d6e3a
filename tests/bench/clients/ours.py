"""The app: its services on a row of a database in memory."""

from concurrent.futures import ThreadPoolExecutor

import django

# Before the first call, so that no phase pays for it, as no other client's does.
django.setup()

from django.db import connection

import registries.client.client  # noqa: F401 - services load it when they first need it
from registries import services
from registries.models import Registry
from tests.bench.process import Job


class Client:
    """One row, which names the registry, its token server and an account."""

    def __init__(self, job: Job, threads: int = 1) -> None:
        with connection.schema_editor() as editor:
            editor.create_model(Registry)
        row = Registry(
            kind="custom",
            name="bench",
            url=job.origin,
            authurl=job.token_url.rpartition("/")[0] or None,
            login=job.username or None,
            password=job.password or None,
        )
        row.full_clean()
        row.save()
        self._row = Registry.objects.get(pk=row.pk)
        self._job = job
        self._threads = threads

    def digests(self) -> list[str]:
        return [str(get_digest) for get_digest in services.get_digests(self._row, self._job.images)]

    def singles(self) -> list[str]:
        """A `get_digest` for each image, in as many threads as were asked for."""
        if self._threads == 1:
            return [self._single(image) for image in self._job.images]
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(self._single, self._job.images))

    def tags(self) -> list[str]:
        return services.list_tags(self._row, self._job.repository)

    def _single(self, image: tuple[str, str]) -> str:
        return services.get_digest(self._row, *image)
