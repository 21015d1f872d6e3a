"""The command `ensure_admin`."""

import secrets
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db import IntegrityError

NAME = "admin"


class Command(BaseCommand):
    """Create the first administrator with a random password, which is shown once."""

    help = f"Creates the administrator {NAME!r} with a random password, unless one exists."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        try:
            User.objects.create_superuser(NAME, password=password)
        except IntegrityError:
            return  # another process was faster, or the name belongs to somebody
        self.stdout.write(
            f"\nAdministrator: {NAME}\nPassword: {password}\n"
            "The password is only shown now. Change it on the site.\n\n"
        )
