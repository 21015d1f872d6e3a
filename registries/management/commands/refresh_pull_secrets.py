"""refresh_pull_secrets: writes pull credentials to files, and renews them before they expire."""

import signal
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, close_old_connections

from registries import services
from registries.client.errors import ClientError
from registries.handover import HandoverRefused
from registries.handover.recipient import Recipient
from registries.handover.target import Target
from registries.management.pull_secrets import PlanError, PullFile, read_plan, write
from registries.models.handover import Way

# Seconds until a file is renewed: at most, so that changes of registries are noticed; at least; and
# after a failure.
MAX_WAIT, MIN_WAIT, AFTER_FAILURE = 3600, 60, 60


class Command(BaseCommand):
    """Writes the files of a plan. See docs/programs.md.

    Files are replaced atomically, and do not change if their credentials are not available.
    """

    help = "Write pull credentials to files for docker, podman or Kubernetes, and renew them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", metavar="FILE", type=Path, help="Which files to write: TOML.")
        parser.add_argument(
            "--once",
            action="store_true",
            help="Write them once and exit; with status 1 if one could not be written.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            files = read_plan(options["plan"])
        except PlanError as error:
            raise CommandError(str(error)) from None
        self._failed = False
        stopped = Event()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            for number in handlers:
                signal.signal(number, lambda *_: stopped.set())
            self._run(files, stopped, once=options["once"])
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        if options["once"] and self._failed:
            sys.exit(1)

    def _run(self, files: list[PullFile], stopped: Event, *, once: bool) -> None:
        due = dict.fromkeys(files, datetime.now(UTC))
        while not stopped.is_set():
            for file in files:
                if not stopped.is_set() and due[file] <= datetime.now(UTC):
                    due[file] = self._refresh(file)
            if once:
                break
            close_old_connections()
            stopped.wait(max(0.0, (min(due.values()) - datetime.now(UTC)).total_seconds()))

    def _refresh(self, file: PullFile) -> datetime:
        """Write one file, print the result, and return when to renew it."""
        try:
            result = services.hand_over(
                file.form,
                Target(registries=file.ids()),
                recipient=Recipient(Way.COMMAND),
                name=file.name,
                namespace=file.namespace,
            )
            changed = write(file, result.text)
        except (PlanError, HandoverRefused, ClientError, Error) as error:
            reason = "The database cannot be used." if isinstance(error, Error) else error
            self.stderr.write(f"{file.path}: {reason}")
            self._failed = True
            return datetime.now(UTC) + timedelta(seconds=AFTER_FAILURE)
        end = f"until {result.expires_at:%Y-%m-%d %H:%M %Z}" if result.expires_at else "no end"
        self.stdout.write(f"{file.path}: {'written' if changed else 'unchanged'}, {end}")
        return next_time(result.expires_at, datetime.now(UTC))


def next_time(expires_at: datetime | None, now: datetime) -> datetime:
    """Return when to renew a file: after half of the remaining lifetime of its credentials."""
    left = (expires_at - now).total_seconds() / 2 if expires_at else MAX_WAIT
    return now + timedelta(seconds=min(MAX_WAIT, max(MIN_WAIT, left)))
