"""The command `forget_unreadable_secrets`, for when an encryption key is lost for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries.reencryption import forget, unreadable


class Command(BaseCommand):
    """Erase the secrets that no configured key decrypts, after a confirmation. The rows stay.

    This is not an option of `reencrypt_registries`, which is always safe to run automatically.
    """

    help = "Erases the stored secrets that no key of FIELD_ENCRYPTION_KEY decrypts."

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
                "Their secrets will be erased. If you still have an earlier key, restore it."
                " Nothing else can recover these secrets."
            )
            if input("Type 'erase' to go on: ") != "erase":
                raise CommandError("Nothing was erased.")
        missed = [row for row in rows if not forget(row)]
        self.stdout.write(f"Erased the unreadable secrets of {len(rows) - len(missed)} rows.")
        if missed:
            names = ", ".join(f"{row.name} (id {row.pk})" for row in missed)
            raise CommandError(f"These rows were changed meanwhile: {names}. Run this again.")
