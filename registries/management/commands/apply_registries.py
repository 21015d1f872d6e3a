"""The command `apply_registries`."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registries import services
from registries.checking.callers import Caller
from registries.models import Registry
from registries.models.check import Origin
from registries.models.results import CheckResult
from registries.provisioning.faults import Busy, Fault, NotApplied
from registries.provisioning.planning import IDLE, Action, Options, Plan, Step
from registries.verdicts import Verdict

ERROR, CHANGES, BUSY, REJECTED = 1, 2, 3, 4
# What `--check` fails for: what is out of order without a change. Others may pass by themselves.
FAILED = frozenset({Verdict.REJECTED, Verdict.MISCONFIGURED})
# Not a failure: a row for every registry of its kind is checked where it is used.
IMAGE_NEEDED = "image_needed"
DONE = {
    Action.CREATE: "created",
    Action.CHANGE: "changed",
    Action.DRIFT: "restored",
    Action.ADOPT: "adopted",
    Action.DELETE: "deleted",
    Action.RESET: "reset",
}
STATUSES = (
    f"Exit status: 0: done, or nothing to do. {ERROR}: something is wrong, and nothing was written."
    f" {CHANGES}: with --plan, there are changes to apply. {BUSY}: others were writing the same"
    f" registries, and nothing was written; run it again. {REJECTED}: applied; with --check, a"
    " registry is rejected or misconfigured."
)


class Command(BaseCommand):
    """Make registries what files declare. Its docs are in docs/as-code.md."""

    help = "Makes registries what files of YAML or TOML declare: all of it, or nothing."

    def run_from_argv(self, argv: list[str]) -> None:
        self._has_begun = False
        try:
            super().run_from_argv(argv)
        except SystemExit as end:
            # A wrong option ends with 2, which means here that there are changes.
            if end.code == CHANGES and not self._has_begun:
                sys.exit(ERROR)
            raise

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.epilog = STATUSES
        parser.add_argument("files", nargs="+", metavar="FILE", help="YAML or TOML; - for stdin.")
        parser.add_argument(
            "--plan", action="store_true", help="Show what would change; change nothing."
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="Delete what the source owns and the files no longer declare, up to half of it.",
        )
        parser.add_argument("--prune-all", action="store_true", help="Prune without that limit.")
        parser.add_argument(
            "--adopt", action="store_true", help="Take over registries that no file owns."
        )
        parser.add_argument(
            "--check", action="store_true", help="Check all registries of the source afterwards."
        )
        parser.add_argument("--json", action="store_true", help="Print JSON instead of a table.")

    def handle(self, *args: Any, **options: Any) -> None:
        self._has_begun = True
        if options["plan"] and options["check"]:
            raise CommandError("--check is for what was applied; leave it out with --plan.")
        how = Options(options["prune"], options["prune_all"], options["adopt"])
        act = services.plan_files if options["plan"] else services.apply_files
        try:
            plan = act(options["files"], how)
        except NotApplied as error:
            if options["json"]:
                self._json({"faults": [_fault_as_json(fault) for fault in error.faults]})
                sys.exit(ERROR)
            raise CommandError(f"Nothing was applied.\n{error}", returncode=ERROR) from None
        except Busy as error:
            raise CommandError(f"{error} Run it again.", returncode=BUSY) from None
        checked = self._check(plan) if options["check"] else []
        if options["json"]:
            self._json(_as_json(plan, checked, is_applied=not options["plan"]))
        else:
            self._table(plan, is_applied=not options["plan"])
            for row, result in checked:
                self.stdout.write(f"{row.name}: {result.verdict}. {result.detail}")
        if options["plan"] and plan.changes:
            sys.exit(CHANGES)
        if any(_has_failed(result) for _row, result in checked):
            sys.exit(REJECTED)

    def _check(self, plan: Plan) -> list[tuple[Registry, CheckResult]]:
        rows = list(Registry.objects.filter(source=plan.source))
        results = services.check_many(rows, caller=Caller(Origin.COMMAND))
        return list(zip(rows, results, strict=True))

    def _json(self, result: Any) -> None:
        self.stdout.write(json.dumps(result, indent=2, ensure_ascii=False))

    def _table(self, plan: Plan, *, is_applied: bool) -> None:
        steps = [step for step in plan.steps if step.action is not Action.UNCHANGED]
        lines = [
            ("NAME", "KIND", "ACTION", "FIELDS"),
            *(_cells(step, is_applied) for step in steps),
        ]
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        for line in lines if steps else ():
            cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=False)]
            self.stdout.write("  ".join([*cells, line[3]]).rstrip())
        counts = plan.count()
        summary = ", ".join(
            f"{counts[action]} {_word(action, is_applied)}" for action in Action if action in counts
        )
        self.stdout.write(f"{plan.source}: {summary or 'no registries'}.")
        if Action.ORPHAN in counts:
            self.stdout.write("Orphans are no longer declared; --prune deletes them.")


def _word(action: Action, is_applied: bool) -> str:
    return DONE.get(action, str(action)) if is_applied else str(action)


def _cells(step: Step, is_applied: bool) -> tuple[str, str, str, str]:
    fields = ", ".join(step.fields)
    if step.drifted and step.drifted != step.fields:
        fields += f" (drifted: {', '.join(step.drifted)})"
    return (step.name, step.kind, _word(step.action, is_applied), fields)


def _has_failed(result: CheckResult) -> bool:
    return result.verdict in FAILED and result.code != IMAGE_NEEDED


def _as_json(
    plan: Plan, checked: Sequence[tuple[Registry, CheckResult]], *, is_applied: bool
) -> dict[str, Any]:
    changes = [step for step in plan.steps if step.action not in IDLE]
    return {
        "source": plan.source,
        "applied": is_applied,
        "changes": len(changes),
        "registries": [
            {
                "id": step.pk,
                "name": step.name,
                "kind": step.kind,
                "action": step.action,
                "fields": step.fields,
                "drifted": step.drifted,
            }
            for step in plan.steps
        ],
        "checks": [
            {"name": row.name, "verdict": result.verdict, "code": result.code}
            for row, result in checked
        ],
    }


def _fault_as_json(fault: Fault) -> dict[str, str]:
    return {
        "file": fault.place.file,
        "path": fault.place.path,
        "code": fault.code,
        "detail": fault.text,
    }
