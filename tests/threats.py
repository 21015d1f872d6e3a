"""The threats of docs/security.md with the tests that cover each: `python -m tests.threats`.

A test covers what its docstring begins with: `#14: …`, `#21, #22: …`, `#40 to #44: …`.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "security.md"

ROW = re.compile(r"^\| (\d+[a-c]?) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
LIMIT = re.compile(r"^- #(\d+[a-c]?): +\S", re.MULTILINE)
NUMBERS = re.compile(r"#\d+[a-c]?(?:(?:, | to )#\d+[a-c]?)*")


def threats(page: str) -> dict[str, str]:
    """Each row's number, and what threatens."""
    return {number: threat for number, threat, _what_holds in ROW.findall(page)}


def limits(page: str) -> set[str]:
    """The rows that are not covered, for a reason that the page gives."""
    return set(LIMIT.findall(page))


def covered(folder: Path) -> dict[str, list[str]]:
    """The tests below a folder by the numbers that their docstrings begin with."""
    result: dict[str, list[str]] = defaultdict(list)
    for file in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in _numbers(ast.get_docstring(node) or ""):
                    result[number].append(f"{file.relative_to(folder)}::{node.name}")
    return result


def _numbers(docstring: str) -> Iterator[str]:
    if match := NUMBERS.match(docstring):
        for part in match[0].replace("#", "").split(", "):
            first, to, last = part.partition(" to ")
            yield from map(str, range(int(first), int(last) + 1)) if to else [first]


def faults(page: str, tests: dict[str, list[str]]) -> list[str]:
    """What is wrong: a row without test and limit, or a number without a row."""
    rows, documented = threats(page), limits(page)
    return [
        *(
            f"#{row} has neither a test nor a limit"
            for row in rows
            if row not in {*tests, *documented}
        ),
        *(f"#{number} is no row: {tests[number][0]}" for number in tests if number not in rows),
        *(f"#{row} is a limit and no row" for row in sorted(documented - rows.keys())),
    ]


if __name__ == "__main__":
    page, tests = PAGE.read_text(encoding="utf-8"), covered(TESTS)
    for row, threat in threats(page).items():
        print(f"#{row:<4}{threat}")
        for name in tests.get(row, ["a limit: docs/security.md has the reason"]):
            print(f"       {name}")
    sys.exit("\n".join(faults(page, tests)) or None)
