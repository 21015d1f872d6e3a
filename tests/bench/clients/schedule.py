"""`run_checks` on a database with many rows that are due, all at once."""

import threading
import time
from itertools import pairwise
from typing import Any

import django
from django.conf import settings

from tests.bench.process import Job
from tests.bench.size import size

HOSTS = 40
CLAIMS, CLAIMED = size(9, 2), size(100, 5)
SECONDS = size(8, 1)
# Of the rows that are checked while processes are killed.
ROWS, PERIOD = size(100, 10), size(10, 2)


class Client:
    """A process with a database: it makes the rows, claims some, or checks what is due."""

    def __init__(self, job: Job, database: dict[str, Any]) -> None:
        settings.DATABASES["default"] = database
        settings.REGISTRIES = {"CHECK_WORKERS": 16}
        django.setup()
        import registries.client.client  # noqa: F401 - loaded when it is first needed
        from registries.checking.runner import Runner

        self._port = job.origin.rpartition(":")[2]
        self._runner = Runner()

    def migrate(self) -> None:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)

    def fill_little(self) -> None:
        self._fill(size(1_000, 50))

    def fill_much(self) -> None:
        self._fill(size(100_000, 500))

    def _fill(self, count: int) -> None:
        """Rows on some hosts, all of which were checked before and are due now."""
        from django.db import connection

        from registries.models import Check, Registry

        Check.objects.all().delete()
        Registry._base_manager.all()._raw_delete("default")
        first = Registry.objects.create(
            kind="custom", name="x", url=f"http://127.0.0.1:{self._port}"
        )
        given = {
            "name": "'row ' || n",
            "name_key": "'row ' || n",
            "url": f"'http://127.0.0.' || (n % {HOSTS} + 1) || ':{self._port}'",
            "host": f"'127.0.0.' || (n % {HOSTS} + 1) || ':{self._port}'",
            "check_host": f"'127.0.0.' || (n % {HOSTS} + 1) || ':{self._port}'",
            "next_check": "1000000 + n",
        }
        is_postgres = connection.vendor == "postgresql"
        given["uid"] = "gen_random_uuid()" if is_postgres else "lower(hex(randomblob(16)))"
        columns = [
            field.column
            for field in Registry._meta.concrete_fields
            if not field.primary_key and not field.generated
        ]
        values = ", ".join(given.get(column, column) for column in columns)
        numbers = (
            f"generate_series(1, {count}) AS n"
            if is_postgres
            else "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
            f" WHERE n < {count}) SELECT n FROM c)"
        )
        table = Registry._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
                f" FROM {table}, {numbers} WHERE id = {first.pk}"
            )
            cursor.execute(f"DELETE FROM {table} WHERE id = {first.pk}")
            if is_postgres:
                cursor.execute(f"VACUUM ANALYZE {table}")

    def claim(self) -> list[float]:
        """The seconds of each of some claims, and of asking when nothing is due."""
        from registries.checking.claims import claim
        from registries.models import Registry

        found = []
        for _ in range(CLAIMS):
            started = time.perf_counter()
            rows = claim(CLAIMED, "default")
            found.append(time.perf_counter() - started)
            assert len(rows) == CLAIMED
            Registry.objects.filter(pk__in=[row.pk for row in rows]).update(checking_until=None)
        return found

    def explain(self) -> str:
        """How the database finds what is due while some hosts have enough."""
        from registries.checking import claims

        due = claims.due("default").exclude(check_host__in=["a", "b"])
        return str(due.values_list("pk", "check_host")[: claims.LOOKED_AT].explain())

    def add_accounts(self) -> None:
        """Rows with an account each, checked more often than any form allows."""
        from registries.models import Registry

        Registry.objects.update(check_every=0, next_check=None)
        origin = f"http://127.0.0.1:{self._port}"
        for number in range(ROWS):
            account = {"login": f"row-{number}", "password": "fake-password"}
            Registry(kind="custom", name=f"Row {number}", url=origin, **account).save()
        Registry.objects.filter(kind="custom").update(check_every=PERIOD)

    def work_for_ever(self) -> None:
        """Check what is due until killed; leases end early."""
        from registries.checking import claims

        settings.REGISTRIES = {"CHECK_WORKERS": 16, "TIMEOUT": 2}
        claims.STORING = 1
        self._runner.run()

    def waits(self) -> dict[str, Any]:
        """The longest time between two checks of a row, and when each was checked last."""
        from registries.models import Check, Registry

        times: dict[int, list[float]] = {}
        for pk, at in Check.objects.order_by("checked_at").values_list("registry", "checked_at"):
            times.setdefault(pk, []).append(at.timestamp())
        rows = Registry.objects.filter(kind="custom", is_default=False)
        return {
            "checks": sum(map(len, times.values())),
            "longest": max(
                (b - a for each in times.values() for a, b in pairwise(each)), default=0
            ),
            "last": [times.get(pk, [0])[-1] for pk in rows.values_list("pk", flat=True)],
        }

    def work(self) -> dict[str, float]:
        """Check what is due for some seconds; how many of them the database took."""
        from django.db import connection

        taken = 0.0

        def timed(execute: Any, *arguments: Any) -> Any:
            nonlocal taken
            started = time.perf_counter()
            try:
                return execute(*arguments)
            finally:
                taken += time.perf_counter() - started

        threading.Timer(SECONDS, self._runner.stop).start()
        with connection.execute_wrapper(timed):
            self._runner.run()
        return {"database": taken}

    def counts(self) -> dict[str, int]:
        """How many checks were made, and how many rows had more than one."""
        from django.db.models import Count

        from registries.models import Check

        per_row = Check.objects.values("registry").annotate(count=Count("pk")).order_by()
        twice = per_row.filter(count__gt=1).count()
        return {"checks": Check.objects.count(), "twice": twice}
