"""The command `run_checks`."""

import os
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from registries.checking.runner import Runner
from registries.notifying.notifier import Notifier, send_pending


class Command(BaseCommand):
    """Check registries whenever they are due, and send notifications, until SIGTERM or SIGINT."""

    help = (
        "Checks registries whenever they are due, and sends notifications. Any number of these"
        " processes share the work, on one machine or on several."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="Check what is due now, and exit. For cron."
        )
        parser.add_argument(
            "--parent", type=int, metavar="PID", help="Stop when the parent process, PID, ends."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        parent = options["parent"]
        runner, notifier = Runner(lambda: parent in (None, os.getppid())), Notifier()

        def stop(*_about: Any) -> None:
            runner.stop()
            notifier.stop()

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            if options["once"]:
                runner.run(once=True)
                send_pending(at_once=True)
            else:
                with notifier:
                    runner.run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
