"""forget_unreadable_secrets: the way out when an encryption key is lost for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries.reencryption import forget, unreadable


class Command(BaseCommand):
    """Erases the secrets that none of today's keys opens, after asking; the rows stay.

    A command of its own: re-encryption is always safe and may run by itself, this never is.
    """

    help = "Erase the stored secrets that no key of FIELD_ENCRYPTION_KEY opens."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-input", action="store_false", dest="interactive", help="Do not ask."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rows = list(unreadable())
        if not rows:
            self.stdout.write("Every stored secret can be read.")
            return
        for row in rows:
            self.stdout.write(f"cannot be read: {row.name} (id {row.pk})")
        if options["interactive"]:
            self.stdout.write(
                "Their secrets will be erased. If an earlier key may still be found, put it back"
                " instead: nothing else can bring these secrets back."
            )
            if input("Type 'erase' to go on: ") != "erase":
                raise CommandError("Nothing was erased.")
        missed = [row for row in rows if not forget(row)]
        self.stdout.write(f"Erased the unreadable secrets of {len(rows) - len(missed)} rows.")
        if missed:
            names = ", ".join(f"{row.name} (id {row.pk})" for row in missed)
            raise CommandError(f"Changed meanwhile, so left alone: {names}. Run this again.")
