"""The command `export_registries`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries import services


class Command(BaseCommand):
    """Write registries as a file for `apply_registries`. Its docs are in docs/as-code.md."""

    help = "Prints registries as a file that declares them. It holds no secret."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--source", default="", help="Those that files with this source own; else, of no file."
        )
        parser.add_argument("--format", choices=("yaml", "toml"), default="yaml")
        parser.add_argument(
            "--schema", default="", metavar="URL", help="Where editors find the JSON Schema."
        )
        parser.add_argument(
            "--print-schema", action="store_true", help="Print the JSON Schema instead."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print_schema"]:
            self.stdout.write(json.dumps(services.file_schema(), indent=2))
            return
        file = services.export(options["source"])
        if not file.content["registries"]:
            owner = f"The source “{options['source']}”" if options["source"] else "Nobody"
            raise CommandError(f"{owner} owns no registry that could be exported.")
        write = file.as_toml if options["format"] == "toml" else file.as_yaml
        self.stdout.write(write(options["schema"]), ending="")
