"""Canaries: unique random secrets, and a search for them in whatever is shown, logged or kept.

What the tests of the app and those of the site share: rows with canaries, the addresses of a site
found by walking its URL configuration, and calls of every command of the app.
"""

import base64
import html
import itertools
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django
from django.urls import URLPattern, URLResolver, get_resolver

from registries.kinds import KINDS
from tests.factories import SAMPLES
from tests.fakes.server import Reply, Request

# Who gets mails about faults, as each version of Django wants it written.
ADMINS = ["root@site.example"] if django.VERSION >= (6,) else [("Root", "root@site.example")]
# A part of a route that differs, as path() and as re_path() write it.
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")

PLAN = Path(__file__).with_suffix(".toml")
SAMPLES_TO_IMPORT = Path(__file__).parent / "importing" / "samples"
FILE = str(Path(__file__).parent / "provisioning" / "sample.yaml")
# What each command of the app is called with; a command that is missing here fails the tests.
COMMANDS: dict[str, list[list[str]]] = {
    "enqueue_checks": [[]],
    "run_checks": [["--once"]],
    "send_notifications": [[]],
    "check_registries": [[], ["--json"], ["--kind", "hub"], ["Canary custom", "--fail"]],
    "reencrypt_registries": [["--dry-run"], []],
    "forget_unreadable_secrets": [["--no-input"]],
    "apply_registries": [[FILE, "--plan", "--json"], [FILE]],
    "export_registries": [[], ["--format", "toml"]],
    "refresh_pull_secrets": [["--once", str(PLAN)]],
    "import_registries": [
        [str(SAMPLES_TO_IMPORT / "podman.json"), "--from", "podman", "--plan"],
        [str(SAMPLES_TO_IMPORT / "wud.env"), "--from", "wud", "--json"],
    ],
}


@cache
def forms(secret: str) -> set[str]:
    """A secret as it may appear: as it is, base64 in each alignment, quoted for URL, JSON, HTML."""
    plain = secret.encode()
    encoded = {
        base64.b64encode(b"x" * shift + plain).decode()[4 if shift else 0 : -4]
        for shift in range(3)
    }
    quoted = {quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret)}
    return {secret, *quoted, *encoded}


@dataclass
class Canaries:
    """The secrets that were set free, and a search for them."""

    values: list[str] = field(default_factory=list)

    def one(self) -> str:
        # Around a core that no way of quoting changes, characters that each of them does.
        core = secrets.token_hex(12)
        self.values.append(core)
        return f'cän"ary/{core}/'

    def pem(self) -> str:
        body = base64.b64encode(secrets.token_bytes(600)).decode()
        lines = [body[start : start + 64] for start in range(0, len(body), 64)]
        self.values += lines[:2]
        joined = "\n".join(lines)
        return f"-----BEGIN PRIVATE KEY-----\n{joined}\n-----END PRIVATE KEY-----\n"

    def auth(self) -> str:
        password = self.one()
        value = base64.b64encode(f"johndoe:{password}".encode()).decode()
        self.values.append(value)
        return value

    def assert_absent(self, where: str, text: str) -> None:
        for value in self.values:
            for form in forms(value):
                assert form not in text, f"a secret shows in {where}"


def with_canaries(slug: str, canaries: Canaries, url: str) -> dict[str, str]:
    """A kind's sample with fresh secrets, at a server that answers."""
    values = dict(SAMPLES[slug])
    for name in KINDS[slug].secrets:
        if name in values:
            values[name] = canaries.pem() if name == "privatekey" else canaries.one()
    for name in ("url", "authurl"):
        if name in values and slug != "acr":
            values[name] = url
    return values


def all_kinds(canaries: Canaries, url: str) -> Iterator[dict[str, Any]]:
    """The columns of a row of each kind, and of one more for each further secret."""
    for slug in KINDS:
        values = with_canaries(slug, canaries, url)
        yield {"kind": slug, "name": f"Canary {slug}", **values}
        if "auth" in KINDS[slug].by_name:
            without = dict.fromkeys(("login", "password"))
            auth = canaries.auth()
            yield {"kind": slug, "name": f"{slug} auth", **values, **without, "auth": auth}
    yield {"kind": "hub", "name": "hub token", "login": "johndoe", "token": canaries.one()}


def refuse(request: Request) -> Reply:
    """A registry that no secret opens."""
    return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="x"'})


def origins() -> set[str]:
    """Every origin that a kind calls on its own: none of these tests may leave this machine."""
    result = {
        f"https://{host}" for kind in KINDS.values() for host in kind.hosts if "{" not in host
    }
    for slug, kind in KINDS.items():
        endpoint = kind.endpoint(SAMPLES[slug], kind.home({}))
        result.update(filter(None, (endpoint.url, *endpoint.realms)))
    return result | {
        "https://api.ecr.eu-west-1.amazonaws.com",
        "https://oauth2.googleapis.com",
    }


def routes() -> Iterator[str]:
    """Every route of the site, found by walking its URL configuration."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + re.sub(r"^\^|\$$", "", str(pattern.pattern))
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route

    return walk(get_resolver().url_patterns, "/")


def filled(route: str, choices: Mapping[str, Iterable[Any]]) -> Iterator[str]:
    """The addresses of a route, for each choice of its parameters; one without choices fails."""
    names = [part or other for part, other in PARAMETER.findall(route)]
    for chosen in itertools.product(*(choices[name] for name in names)):
        address = route
        for value in map(str, chosen):
            address = PARAMETER.sub(lambda _found, value=value: value, address, count=1)
        yield address
