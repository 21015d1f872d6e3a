"""`/metrics` of the benchmark's site, asked as Prometheus asks."""

from typing import Any

from tests.bench.clients import api


class Client(api.Client):
    """A site with many rows, all of which were checked and whose registries count pulls."""

    def _fill(self, count: int) -> None:
        from django.db.models import F
        from django.db.models.functions import Concat
        from django.utils import timezone

        from registries.models import Registry

        super()._fill(count)
        now = timezone.now()
        Registry.objects.update(
            check_verdict="valid",
            checked_at=now,
            succeeded_at=now,
            check_host=Concat(F("host"), F("kind")),
            pulls_remaining=1,
            pulls_limit=100,
        )

    def everything(self) -> dict[str, Any]:
        return self._scrape("")

    def without_rows(self) -> dict[str, Any]:
        return self._scrape("per_registry=false")

    def _scrape(self, query: str) -> dict[str, Any]:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        environ = self._requests._base_environ(
            PATH_INFO="/metrics", QUERY_STRING=query, HTTP_COOKIE=self._cookies
        )
        with CaptureQueriesContext(connection) as captured:
            body = self._call(environ)
        return {"queries": len(captured), "bytes": len(body), "series": body.count(b"\nregistries")}
