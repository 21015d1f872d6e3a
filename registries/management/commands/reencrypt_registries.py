"""reencrypt_registries: encrypt the stored secrets with the first of today's keys."""

import sys
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from registries.reencryption import Outcome, reencrypt
from registries.secrets.keys import key_ids

# Rows between two lines that say how far it is.
STEP = 100


class Command(BaseCommand):
    """Moves every secret to the first key; safe to stop, to repeat, and to run while people work.

    Ends with status 1 when a secret cannot be read; its row is named, and left as it is.
    """

    help = "Encrypt the stored secrets with the first key of FIELD_ENCRYPTION_KEY."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what is to do; do nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run: bool = options["dry_run"]
        counts: Counter[Outcome] = Counter()
        for row, outcome in reencrypt(dry_run=dry_run):
            counts[outcome] += 1
            if outcome is Outcome.UNREADABLE:
                self.stderr.write(f"cannot be read: {row.name} (id {row.pk})")
            if counts.total() % STEP == 0:
                self.stderr.write(f"{counts.total()} rows looked at")
        self.stdout.write(
            f"Key {key_ids()[0]}: {counts[Outcome.RENEWED]}"
            f" {'to encrypt anew' if dry_run else 'encrypted anew'},"
            f" {counts[Outcome.CURRENT]} encrypted with it already,"
            f" {counts[Outcome.UNREADABLE]} cannot be read."
        )
        if counts[Outcome.RENEWED] and not dry_run:
            self.stderr.write(
                "The old encrypted texts stay in backups, and for a while in the database's files:"
                " docs/keys.md tells when they are gone."
            )
        if counts[Outcome.UNREADABLE]:
            sys.exit(1)
