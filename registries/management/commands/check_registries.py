"""The command `check_registries`."""

import json
import sys
from argparse import ArgumentParser
from datetime import UTC
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from registries import services
from registries.checking.callers import Caller
from registries.kinds import KINDS
from registries.models import Registry, names
from registries.models.check import Origin
from registries.models.results import CheckResult


class Command(BaseCommand):
    """Check the named registries, or all, and store the results as the admin does."""

    help = "Signs in to registries and shows whether that works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help="The names of registries; all by default."
        )
        parser.add_argument(
            "--kind", choices=sorted(KINDS), help="Check only registries of this kind."
        )
        parser.add_argument("--json", action="store_true", help="Print JSON instead of a table.")
        parser.add_argument(
            "--fail",
            action="store_true",
            help="Exit with status 1 if a registry needs attention.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rows = self._rows(options["names"], options["kind"])
        self._total, self._done = len(rows), 0
        caller = Caller(Origin.COMMAND)
        results = services.check_many(rows, progress=self._progress, caller=caller)
        checked = list(zip(rows, results, strict=True))
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(*pair) for pair in checked], indent=2))
        else:
            self._table(checked)
        if options["fail"] and not all(result.is_fine for result in results):
            sys.exit(1)

    def _rows(self, requested: list[str], kind: str | None) -> list[Registry]:
        rows = Registry.objects.filter(Q(kind=kind) if kind else Q())
        if not requested:
            return list(rows)
        by_key = {row.name_key: row for row in rows.filter(name_key__in=map(names.key, requested))}
        if missing := [name for name in requested if names.key(name) not in by_key]:
            raise CommandError(f"There is no such registry: {', '.join(missing)}.")
        return list(dict.fromkeys(by_key[names.key(name)] for name in requested))

    def _progress(self, row: Registry, result: CheckResult) -> None:
        self._done += 1
        self.stderr.write(f"[{self._done}/{self._total}] {row.name}: {result.verdict}")

    def _table(self, checked: list[tuple[Registry, CheckResult]]) -> None:
        lines = [("NAME", "KIND", "VERDICT", "CODE", "WHAT TO DO")]
        lines += [(row.name, row.kind, r.verdict, r.code, r.detail) for row, r in checked]
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        for line in lines:
            cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
            self.stdout.write("  ".join([*cells, line[4]]))
        fine = sum(result.is_fine for _row, result in checked)
        self.stdout.write(
            f"{len(checked)} checked: {fine} fine, {len(checked) - fine} need attention."
        )


def _as_json(row: Registry, result: CheckResult) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "state": row.state,
        "verdict": result.verdict,
        "code": result.code,
        "detail": result.detail,
        "checked_at": result.checked_at.astimezone(UTC).isoformat(),
    }
