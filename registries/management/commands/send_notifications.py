"""The command `send_notifications`."""

from typing import Any

from django.core.management.base import BaseCommand

from registries.models import StateChange
from registries.notifying.notifier import send_pending


class Command(BaseCommand):
    """Send what is in the outbox."""

    help = (
        "Sends the notifications that are due, and exits. For cron, where no run_checks runs. Any"
        " number of these processes share the work."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        tried = send_pending()
        waiting = StateChange.objects.filter(notification=None).count()
        self.stdout.write(f"Messages that were tried: {tried}; changes that wait: {waiting}")
