"""The pages of docs/ that follow from the code: `python -m tests.pages` writes them anew."""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

from registries.explanations import EXPLANATIONS, VERDICTS
from registries.kinds import KINDS
from registries.kinds.base import Kind
from registries.schema import describe
from registries.text import gettext_noop
from registries.verdicts import CODES, Verdict
from tests import permissions
from tests.generated import api, python
from tests.kinds.facts import FACTS
from tests.kinds.samples import SAMPLES

DOCS = Path(__file__).parent.parent / "docs"
NOTE = "<!-- Made from the code by `make docs`: change the code, not this page. -->"

# What each verdict means; the codes below it come from the catalogue.
MEANINGS = VERDICTS | {
    Verdict.VALID: VERDICTS[Verdict.VALID] + " See [what proves a sign-in](#what-proves-a-sign-in)."
}


def kinds_page() -> str:
    """docs/kinds.md: how to configure each kind."""
    return "\n".join([NOTE, "", "# Configure each kind", "", *_contents(), *_kinds()])


def _contents() -> Iterator[str]:
    yield "A variable marked * is a secret. It is stored encrypted and never shown again."
    yield ""
    for kind in KINDS.values():
        yield f"- [{kind.label}](#{anchor(_heading(kind))}): {kind.summary}."
    yield ""


def _heading(kind: Kind) -> str:
    return f"{kind.label} (`{kind.slug}`)"


def anchor(heading: str) -> str:
    """The address of a heading, as code hosts and the documentation's site make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _kinds() -> Iterator[str]:
    for kind in KINDS.values():
        description = describe(kind, gettext_noop)
        hosts = (
            ", ".join(f"`{host}`" for host in description["hosts"]) or "the host and port of `url`"
        )
        yield f'<a id="{kind.slug}"></a>'
        yield f"## {_heading(kind)}"
        yield ""
        yield f"Hosts: {hosts}."
        yield ""
        yield "| variable | what | required |"
        yield "|---|---|---|"
        yield from (_variable(variable) for variable in description["variables"])
        yield ""
        if description["rules"]:
            yield from (f"- {rule}" for rule in description["rules"])
            yield ""
        yield f"### {description['howto']['title']}"
        yield ""
        yield from (f"{number}. {step}" for number, step in enumerate(kind.howto.steps, 1))
        yield ""
        yield from (f"- {note}" for note in kind.howto.notes)
        yield from (f"- [{link['label']}]({link['url']})" for link in description["howto"]["links"])
        yield ""


def _variable(variable: dict[str, Any]) -> str:
    secret = " *" if variable["secret"] else ""
    what = " ".join(filter(None, (f"{variable['label']}.", variable["help"])))
    return f"| `{variable['name']}`{secret} | {what} | {'yes' if variable['required'] else ''} |"


PROOF = """\
<a id="proof"></a>
## What proves a sign-in

If a registry is open to everybody, a successful sign-in proves nothing. What counts as proof
depends on the kind.

| kind | what proves that the credentials work |
|---|---|
| {exchange} | the cloud accepts them |
| {user_id} | the token names an account; a token for a guest means that they were rejected |
| {token} | the token server accepts them; it rejects wrong ones |
| {compare} | a request without credentials was refused, and so was an invented account |

A real user name is never tried with a wrong password, because that could lock the account: Harbor
blocks it for a moment, and other servers for longer. So for `custom`, and for no other kind, an
account is **invented**.

- *What is sent*: one sign-in with the user name `nobody-` and 24 random characters from 0 to 9 and
  a to f, and with a random password. Both are new each time and not stored. They are only sent
  where the row's own credentials were sent.
- *When*: at the end of a check, after the registry refused a request without credentials and
  accepted the row's own.
- *How often*: once for the current credentials of a row. The result is stored with the last check,
  and later checks use it. It is cleared when the credentials, the address, the prefix or the
  verification of certificates change, also if the same password is entered again. For an unsaved
  form, an account is invented with each check. If the invented account was accepted, a check with
  an image also tries to read that image with an invented account. If a registry is open but refuses
  guests an image, that attempt is the only one.
- *What it means*: if the account is refused, the verdict is `valid`; if it is accepted, `unproven`.
  If the response is slow, throttled or broken, the verdict is still `valid`, and the steps of the
  check say that this is unknown. The attempt may take at most half of the remaining time.
- *How to turn it off*: with `REGISTRIES["PROVE_WITH_STRANGER"] = False`, or with
  `REGISTRIES_PROVE_WITH_STRANGER=0` in the environment of the site. For `custom`, `valid` then
  means that a guest was refused and the credentials were accepted.

The registry's log shows the invented account as one failed sign-in from the site's address. If
fail2ban or a similar tool bans addresses and you add many rows of one registry, exempt the site's
address, or turn this off.

<a id="guests"></a>
## Rows without credentials

| kind | a guest | code |
|---|---|---|
| any | is let in at `/v2/` | `public` |
| any | is asked for a password (Basic) | `credentials_required` |
| {guests} | is given a token | `public` |
| {guests} | is given none | `guests_refused` |
| {by_image} | is given a token | `public` |
| {by_image} | is given none, by design, but for an image that is public | `public_by_image` |
| {no_guests} | has no rows: theirs need credentials | |

A token is asked for without a repository first. Harbor and Quay give a guest none, so one for a
repository that nobody has is asked for then: by the specification it is given, with no rights.

Where an image is named and a guest can read it, the code is `public`, whatever he was told before.
GitLab, entered as `custom`, gives a guest a token only for a repository that is there: name one.
"""


CHECKS = """\
# What a check says

A check signs in to a registry and reads an image if one is named. Its result is a **verdict** and a
**code**. The verdict says whether the credentials work, the code says why. Each code below has the
sentence that the site shows, what the code means, why it happens, and what to do. Programs should
use the code, because sentences are translated.

| verdict | meaning |
|---|---|
"""
ABOUT_IMAGES = """\
## About the image

These codes say what happened to the image. The verdict is still that of the sign-in.
"""


def checks_page() -> str:
    """docs/checks.md: every verdict, its codes, and what to do."""
    verdicts = (f"| [{name}](#{name}) | {text} |\n" for name, text in MEANINGS.items())
    lines = [NOTE, "", CHECKS + "".join(verdicts)]
    for verdict, meaning in MEANINGS.items():
        lines += [f"## {verdict}", "", meaning, "", *_codes(verdict)]
    lines += [ABOUT_IMAGES, *_codes(None), PROOF.format(**_kinds_by_sign_in())]
    return "\n".join(lines)


def _kinds_by_sign_in() -> dict[str, str]:
    """The kinds of each row of the tables in PROOF, by the row's name."""
    slugs: dict[str, set[str]] = defaultdict(set)
    for slug, kind in KINDS.items():
        # acr has two ways: with a tenant and without.
        full = {name: SAMPLES[name] for name in kind.by_name}
        endpoints = [kind.endpoint(values, kind.home({})) for values in (FACTS[slug].sample, full)]
        for endpoint in endpoints:
            slugs[endpoint.proof.value].add(slug)
        admits = not all(method.variables for method in kind.methods)
        by_image = "by_image" if endpoints[0].guests_by_image else "guests"
        slugs[by_image if admits else "no_guests"].add(slug)
    return {row: ", ".join(f"`{slug}`" for slug in sorted(result)) for row, result in slugs.items()}


def _codes(verdict: Verdict | None) -> Iterator[str]:
    for name, code in CODES.items():
        if code.verdict is verdict:
            meaning, cause, remedy = EXPLANATIONS[name]
            yield f"### {name}\n\n> {code.sentence % _Parts()}\n"
            yield f"{meaning} {cause}\n\n**What to do**: {remedy}\n"


class _Parts(dict[str, str]):
    """Fills a sentence's parts with their names."""

    def __missing__(self, name: str) -> str:
        return f"_{name}_"


SETUP = "import django; django.setup(); "
OPENAPI = """
import json
from registries.api.openapi import document
print(json.dumps(document("/api"), indent=2))
"""
COMMANDS = """
from tests.generated import commands
print("\\n".join(commands.page()))
"""


def openapi_document() -> str:
    """docs/openapi.json: the API of the site."""
    return _on_the_site(OPENAPI)


def commands_page() -> str:
    """docs/commands.md: the commands of `manage.py`."""
    return f"{NOTE}\n\n{_on_the_site(COMMANDS)}"


def _on_the_site(code: str) -> str:
    """What code prints on the ready-to-run site, in a process and a folder of its own."""
    with TemporaryDirectory() as folder:
        environment = {"DJANGO_SETTINGS_MODULE": "ssmsite.settings", "DATA_DIR": folder}
        made = subprocess.run(
            [sys.executable, "-c", SETUP + code],
            cwd=DOCS.parent,
            env=environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        )
    return made.stdout


def file_schema_document() -> str:
    """docs/registries.schema.json: the schema of files of registries."""
    from registries.services import file_schema  # once Django is set up

    return json.dumps(file_schema(), indent=2) + "\n"


def permissions_page() -> str:
    """docs/permissions.md: who may do what."""
    return "\n".join([NOTE, "", *permissions.page()])


def api_page() -> str:
    """docs/api-reference.md: the addresses of the API."""
    return "\n".join([NOTE, "", *api.page(json.loads(openapi_document()))])


def python_page() -> str:
    """docs/python.md: what code of a site uses."""
    return "\n".join([NOTE, "", *python.page()])


PAGES = {
    "api-reference.md": api_page,
    "commands.md": commands_page,
    "python.md": python_page,
    "kinds.md": kinds_page,
    "checks.md": checks_page,
    "permissions.md": permissions_page,
    "openapi.json": openapi_document,
    "registries.schema.json": file_schema_document,
}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    for page, make in PAGES.items():
        (DOCS / page).write_text(make(), encoding="utf-8")
