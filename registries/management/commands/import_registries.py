"""The command `import_registries`."""

import json
import logging
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries.importing import FORMS, Unreadable
from registries.importing.planning import Planned, State, plan, read
from registries.importing.reading import LONGEST
from registries.importing.writing import NotWritten, all_new, named, write

HEAD = ("NAME", "KIND", "FOR", "LOGIN", "STATE", "FINGERPRINT")
logger = logging.getLogger("registries.importing")


class Command(BaseCommand):
    """Add the registries of another program's file. Its docs are in docs/moving-in.md."""

    help = "Adds the registries that a file of another program names. Nothing is overwritten."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="- for stdin.")
        parser.add_argument(
            "--from", required=True, dest="form", choices=FORMS, help="The program that wrote it."
        )
        parser.add_argument(
            "--plan", action="store_true", help="Show what would be added; add nothing."
        )
        parser.add_argument(
            "--only",
            action="append",
            metavar="NAME",
            help="Add only this one, even with a conflict or without its secret. Repeat it for"
            " more.",
        )
        parser.add_argument("--json", action="store_true", help="Print JSON instead of a table.")

    def handle(self, *args: Any, **options: Any) -> None:
        form, data = FORMS[options["form"]], _read(options["file"])
        try:
            entries = read(form, data)
            only = options["only"]
            choose = all_new if only is None else named(only)
            if options["plan"]:
                planned = plan(entries)
                chosen = choose(planned)
            else:
                planned = write(entries, choose)
                chosen = [item for item in planned if _is_added(item)]
        except (Unreadable, NotWritten) as error:
            raise CommandError(str(error)) from None
        if not options["plan"] and chosen:
            names = ", ".join(f"“{item.name}”" for item in chosen)
            logger.info("Imported %s from a file of the form %s.", names, form.slug)
        if options["json"]:
            text = json.dumps([_as_json(item) for item in planned], indent=2, ensure_ascii=False)
            self.stdout.write(text)
        else:
            self._table(planned, chosen, is_plan=options["plan"])

    def _table(self, planned: list[Planned], chosen: list[Planned], *, is_plan: bool) -> None:
        lines = [HEAD, *map(_cells, planned)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
        details: list[tuple[str, ...]] = [(), *(item.details for item in planned)]
        for line, sentences in zip(lines, details, strict=True):
            cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            self.stdout.write("  ".join(cells).rstrip())
            for sentence in sentences:
                self.stdout.write(f"    {sentence}")
        counts = {state: sum(item.state is state for item in planned) for state in State}
        summary = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        verb = "to add" if is_plan else "added"
        self.stdout.write(f"{len(planned)} in the file: {summary}. {len(chosen)} {verb}.")


def _read(path: str) -> bytes:
    """The file, and one byte more than may be at most."""
    try:
        if path == "-":
            if sys.stdin.isatty():
                sys.stderr.write("Reading from the terminal. End with Ctrl-D.\n")
            return sys.stdin.buffer.read(LONGEST + 1)
        with Path(path).open("rb") as file:
            return file.read(LONGEST + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None


def _is_added(item: Planned) -> bool:
    return item.row is not None and item.row.pk is not None


def _cells(item: Planned) -> tuple[str, ...]:
    state = "added" if _is_added(item) else str(item.state)
    return (item.name, item.kind, item.place, item.login, state, item.fingerprint)


def _as_json(item: Planned) -> dict[str, Any]:
    return {
        "name": item.name,
        "kind": item.kind,
        "for": item.place,
        "login": item.login,
        "state": item.state,
        "details": item.details,
        "fingerprint": item.fingerprint,
        "id": item.row.pk if item.row is not None else None,
    }
