"""refresh_pull_secrets: write pull credentials to files, and again before they end."""

import signal
import sys
from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, close_old_connections
from django.utils import timezone

from registries import services
from registries.client.errors import ClientError
from registries.handover import HandoverRefused
from registries.handover.recipient import Recipient
from registries.handover.target import Target
from registries.management.pull_secrets import PlanError, PullFile, read_plan, write
from registries.models.handover import Way

# Seconds until the next time: at most, so that changed registries are noticed; at least; and after
# a failure.
MOST, LEAST, AFTER_FAILURE = 3600, 60, 60


class Command(BaseCommand):
    """Writes the files that a plan names. Its docs are in docs/handover.md.

    A file is written whole or not at all, and stays as it is if its credentials cannot be had.
    """

    help = "Write pull credentials to files for docker, podman or Kubernetes, and renew them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", metavar="FILE", type=Path, help="Which files to write: TOML.")
        parser.add_argument(
            "--once",
            action="store_true",
            help="Write them once and end; with status 1 if one could not be written.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            files = read_plan(options["plan"])
        except PlanError as error:
            raise CommandError(str(error)) from None
        self._failed = False
        stopped = Event()
        handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            for each in handlers:
                signal.signal(each, lambda *_: stopped.set())
            self._run(files, stopped, once=options["once"])
        finally:
            for each, handler in handlers.items():
                signal.signal(each, handler)
        if options["once"] and self._failed:
            sys.exit(1)

    def _run(self, files: list[PullFile], stopped: Event, *, once: bool) -> None:
        due = dict.fromkeys(files, timezone.now())
        while not stopped.is_set():
            for file in files:
                if not stopped.is_set() and due[file] <= timezone.now():
                    due[file] = self._refresh(file)
            if once:
                break
            close_old_connections()
            stopped.wait(max(0.0, (min(due.values()) - timezone.now()).total_seconds()))

    def _refresh(self, file: PullFile) -> datetime:
        """Write one file, say how it went, and return when to write it again."""
        try:
            handed = services.hand_over(
                file.form,
                Target(registries=file.ids()),
                recipient=Recipient(Way.COMMAND),
                name=file.name,
                namespace=file.namespace,
            )
            changed = write(file, handed.text)
        except (PlanError, HandoverRefused, ClientError, Error) as error:
            told = "The database cannot be used." if isinstance(error, Error) else error
            self.stderr.write(f"{file.path}: {told}")
            self._failed = True
            return timezone.now() + timedelta(seconds=AFTER_FAILURE)
        end = f"until {handed.expires_at:%Y-%m-%d %H:%M %Z}" if handed.expires_at else "no end"
        self.stdout.write(f"{file.path}: {'written' if changed else 'unchanged'}, {end}")
        return next_time(handed.expires_at, timezone.now())


def next_time(expires_at: datetime | None, now: datetime) -> datetime:
    """Return when a file is due again: at half of what its credentials have left."""
    left = (expires_at - now).total_seconds() / 2 if expires_at else MOST
    return now + timedelta(seconds=min(MOST, max(LEAST, left)))
