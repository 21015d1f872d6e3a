"""`run_checks` with notifications, for as long as somebody likes, and what its database shows."""

import logging
from typing import Any

from django.conf import settings

from tests.bench.clients import schedule
from tests.bench.process import Job
from tests.bench.size import size

# Of each host.
ROWS, PERIOD = size(200, 10), size(20, 2)
PASSWORD = "fake-password"


class Client(schedule.Client):
    """A process with a database.

    origins: those of the registries. webhook: who is told of changes.
    """

    def __init__(
        self, job: Job, database: dict[str, Any], origins: list[str], webhook: str
    ) -> None:
        super().__init__(job, database)
        self._origins = origins
        settings.REGISTRIES = {
            "TIMEOUT": 5,
            "CONFIRM_CHECKS": 1,
            "HOST_CONCURRENCY": 16,
            "NOTIFY": [webhook],
        }
        logging.getLogger("registries").setLevel(logging.ERROR)
        from registries.notifying import collecting

        # Some messages within minutes, where there would be one in hours.
        collecting.WAITS = (10,)

    def add_rows(self) -> None:
        """Rows with an account each, checked more often than any form allows."""
        from registries.models import Registry

        Registry.objects.update(check_every=0, next_check=None)
        for origin in self._origins:
            for number in range(ROWS):
                name = f"Row {number} on {origin}"
                account = {"login": f"row-{number}", "password": PASSWORD}
                Registry(kind="custom", name=name, url=origin, **account).save()
        Registry.objects.filter(kind="custom").update(check_every=PERIOD)

    def run(self) -> None:
        """Run the command until SIGTERM."""
        from django.core.management import call_command

        call_command("run_checks")

    def sample(self) -> dict[str, float]:
        """The connections of all processes, seconds that a row is overdue, messages sent."""
        from django.db import connection
        from django.db.models import Min

        from registries.checking import clock
        from registries.models import Notification, Registry

        clock.read("default")
        connections = 0
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                )
                (connections,) = cursor.fetchone()
        due = Registry.objects.filter(next_check__gt=0).aggregate(Min("next_check"))
        first = due["next_check__min"] or clock.seconds("default")
        return {
            "connections": connections,
            "overdue": max(0.0, clock.seconds("default") - first),
            "messages": Notification.objects.count(),
        }
