"""The command `enqueue_checks`."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from registries.tasks import NotEnqueued, enqueue_checks


class Command(BaseCommand):
    """Hand the registries that are due to the site's queue of Django's Tasks."""

    help = (
        "Hands the registries that are due to the queue of REGISTRIES['TASK_QUEUE'], whose workers"
        " check them. Run it every minute, from cron or another scheduler."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows, tasks = enqueue_checks()
        except (ImproperlyConfigured, NotEnqueued) as error:
            raise CommandError(str(error)) from None
        if rows:
            self.stdout.write(f"Enqueued: {rows} registries, {tasks} tasks.")
