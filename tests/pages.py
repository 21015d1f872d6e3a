"""The pages of docs/ that follow from the code: `python -m tests.pages` writes them anew."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from registries.kinds import KINDS
from registries.schema import describe
from registries.text import gettext_noop
from registries.verdicts import CODES, Verdict
from tests import permissions

DOCS = Path(__file__).parent.parent / "docs"
NOTE = "<!-- Made from the code by `make docs`: change the code, not this page. -->"

# What each verdict means; the codes below it come from the catalogue.
MEANINGS = {
    Verdict.VALID: "The registry accepted these credentials and would not have accepted others.",
    Verdict.ANONYMOUS: "No credentials are stored, and the registry lets anonymous readers in.",
    Verdict.UNPROVEN: "The registry accepts wrong credentials or none as well: nothing is proven.",
    Verdict.REJECTED: "The credentials were refused.",
    Verdict.MISCONFIGURED: "The row cannot work as it stands.",
    Verdict.THROTTLED: "The registry asks for a pause.",
    Verdict.UNREACHABLE: "No answer, or none that can be used.",
}


def kinds_page() -> str:
    """docs/kinds.md: how to configure each kind."""
    return "\n".join([NOTE, "", "# Configure each kind", "", *_contents(), *_kinds()])


def _contents() -> Iterator[str]:
    yield "A variable marked * is a secret: stored encrypted, never shown again."
    yield ""
    for kind in KINDS.values():
        yield f"- [{kind.label}](#{kind.slug}): {kind.summary}."
    yield ""


def _kinds() -> Iterator[str]:
    for kind in KINDS.values():
        told = describe(kind, gettext_noop)
        hosts = ", ".join(f"`{host}`" for host in told["hosts"]) or "the host and port of `url`"
        yield f'<a id="{kind.slug}"></a>'
        yield f"## {told['label']} (`{kind.slug}`)"
        yield ""
        yield f"Answers for: {hosts}."
        yield ""
        yield "| variable | what | required |"
        yield "|---|---|---|"
        yield from (_variable(variable) for variable in told["variables"])
        yield ""
        if told["rules"]:
            yield from (f"- {rule}" for rule in told["rules"])
            yield ""
        yield f"### {told['howto']['title']}"
        yield ""
        yield from (f"{number}. {step}" for number, step in enumerate(told["howto"]["steps"], 1))
        yield ""
        yield from (f"- {note}" for note in told["howto"]["notes"])
        yield from (f"- [{link['label']}]({link['url']})" for link in told["howto"]["links"])
        yield ""


def _variable(variable: dict[str, Any]) -> str:
    secret = " *" if variable["secret"] else ""
    what = " ".join(filter(None, (f"{variable['label']}.", variable["help"])))
    return f"| `{variable['name']}`{secret} | {what} | {'yes' if variable['required'] else ''} |"


def checks_page() -> str:
    """docs/checks.md: every verdict, its codes, and what to do."""
    lines = [NOTE, "", "# What a check says", ""]
    for verdict, meaning in MEANINGS.items():
        lines += [f"## {verdict}", "", meaning, "", "| code | what to do |", "|---|---|"]
        lines += _codes(verdict)
        lines.append("")
    lines += [
        "## About the image",
        "",
        "The verdict stays the sign-in's own; the code says what happened to the image.",
        "",
        "| code | what to do |",
        "|---|---|",
        *_codes(None),
        "",
    ]
    return "\n".join(lines)


def _codes(verdict: Verdict | None) -> list[str]:
    return [
        f"| `{name}` | {code.sentence % _Parts()} |"
        for name, code in CODES.items()
        if code.verdict is verdict
    ]


class _Parts(dict[str, str]):
    """Fills a sentence's parts with their names."""

    def __missing__(self, name: str) -> str:
        return f"_{name}_"


OPENAPI = """
import json
import django
django.setup()
from registries.api.openapi import document
print(json.dumps(document("/api"), indent=2))
"""


def openapi_document() -> str:
    """docs/openapi.json: the API of the site, which runs in a process and a folder of its own."""
    with TemporaryDirectory() as folder:
        environment = {"DJANGO_SETTINGS_MODULE": "ssmsite.settings", "DATA_DIR": folder}
        made = subprocess.run(
            [sys.executable, "-c", OPENAPI],
            cwd=DOCS.parent,
            env=environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        )
    return made.stdout


def permissions_page() -> str:
    """docs/permissions.md: who may do what."""
    return "\n".join([NOTE, "", *permissions.page()])


PAGES = {
    "kinds.md": kinds_page,
    "checks.md": checks_page,
    "permissions.md": permissions_page,
    "openapi.json": openapi_document,
}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (DOCS / page).write_text(make(), encoding="utf-8")
