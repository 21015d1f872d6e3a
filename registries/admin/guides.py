"""The instructions to set up a program with the credentials of some registries."""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urljoin

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from registries.handover import PullCredential
from registries.handover.consumers import CONSUMERS, Consumer, Step
from registries.handover.consumers.consumer import PLACEHOLDER, filled
from registries.handover.credential import HUB
from registries.handover.form import docker_key
from registries.models import Registry

# The host of Docker Hub's API.
HUB_API = "registry-1.docker.io"
# In place of a host that is only known after an exchange.
SOME_HOST = "HOST"
# What is typed on the page. Its script replaces these everywhere.
TYPED = frozenset({"name", "namespace"})
Foreseen = Sequence[tuple[Registry, Sequence[PullCredential]]]


class ShownStep(NamedTuple):
    """A step as the page shows it. id: of its code."""

    id: str
    text: str
    code: SafeString
    file: str
    program: str
    is_token: bool
    others: list[Consumer]


class Part(NamedTuple):
    """What of a guide is about one registry: what its credentials are for, and how long.

    A key is empty where only a cloud names the host.
    """

    row: Registry
    keys: list[str]
    life: str


class Guide(NamedTuple):
    """The instructions of a consumer for some registries."""

    consumer: Consumer
    parts: list[Part]
    is_short: bool
    file: SafeString
    steps: list[ShownStep]
    notes: list[str]
    renewal: list[ShownStep]

    @classmethod
    def of(cls, consumer: Consumer, foreseen: Foreseen, request: HttpRequest) -> "Guide":
        """Return the instructions for registries with their previews."""
        params = _params(consumer, foreseen, request)
        key = consumer.form.key
        return cls(
            consumer=consumer,
            parts=[
                Part(
                    row, [key(login) if login.host else "" for login in logins], _life(row, logins)
                )
                for row, logins in foreseen
            ],
            is_short=any(_hours(row, logins) for row, logins in foreseen),
            file=_code(consumer.file, params),
            steps=_shown(consumer, consumer.steps, params, "step"),
            notes=[filled(gettext(note), params) for note in consumer.notes],
            renewal=_shown(consumer, consumer.renewal, params, "renewal"),
        )


def default_name(rows: Sequence[Registry]) -> str:
    """Return the default name of a Secret."""
    return f"registry-{rows[0].pk}" if len(rows) == 1 else "registries"


def handover_address(request: HttpRequest) -> str:
    """Return the URL where programs get credentials; empty on a site without the API."""
    try:
        return request.build_absolute_uri(reverse("registries_api:handover"))
    except NoReverseMatch:
        return ""


def _shown(
    consumer: Consumer, steps: Sequence[Step], params: dict[str, str], name: str
) -> list[ShownStep]:
    return [
        ShownStep(
            id=f"reg-{name}-{number}",
            text=filled(gettext(step.text), params),
            code=_code(step.code.replace("@file@", consumer.file), params),
            file=filled(step.file, params),
            program=step.program,
            is_token=step.is_token,
            others=[CONSUMERS[slug] for slug in step.others],
        )
        for number, step in enumerate(steps, 1)
    ]


def _code(text: str, params: dict[str, str]) -> SafeString:
    # Hosts and prefixes come from rows, so everything is escaped.
    parts: list[str] = PLACEHOLDER.split(text)
    for at, part in enumerate(parts):
        if at % 2 and part in TYPED:
            parts[at] = format_html('<span data-shows="{}">{}</span>', part, params[part])
        else:
            parts[at] = escape(params[part] if at % 2 else part)
    return mark_safe("".join(parts))  # noqa: S308 - each part is escaped


def _params(consumer: Consumer, foreseen: Foreseen, request: HttpRequest) -> dict[str, str]:
    rows = [row for row, _found in foreseen]
    all_logins = [login for _row, logins in foreseen for login in logins if login.host]
    exact = [login for login in all_logins if "*" not in login.host]
    host, place = (exact[0].host, exact[0].place) if exact else (SOME_HOST, SOME_HOST)
    name = default_name(rows)
    handover = handover_address(request)
    matches = [consumer.form.key(login) for login in all_logins] or [SOME_HOST]
    return {
        "host": host,
        "place": place,
        "image": f"{place}/IMAGE:TAG",
        "api_url": f"{_scheme(rows[0])}://{HUB_API if host == HUB else host}",
        "insecure": "" if rows[0].verify_tls else "\n    insecure: yes",
        "helpers": _helpers(exact, lambda login: login.host),
        "docker_helpers": _helpers(exact, docker_key),
        "matches": "\n".join(f'      - "{match}"' for match in matches),
        "form": consumer.form.slug,
        # JSON strings are also TOML strings.
        "names": ", ".join(json.dumps(row.name, ensure_ascii=False) for row in rows),
        "id": str(rows[0].pk),
        "name": name,
        "namespace": consumer.namespace,
        # The programs find the API at /api/ on their own.
        "site": urljoin(handover, "..").removesuffix("api/").removesuffix("/"),
        "handover": handover,
        "refresh": f"{_every(foreseen)}m",
    }


def _scheme(row: Registry) -> str:
    return "http" if row.plain_values().get("url", "").startswith("http:") else "https"


def _helpers(exact: Sequence[PullCredential], key: Callable[[PullCredential], str]) -> str:
    keys = list(dict.fromkeys(map(key, exact))) or [SOME_HOST]
    return ",\n".join(f'    "{key}": "registries"' for key in keys)


def _hours(row: Registry, logins: Sequence[PullCredential]) -> int:
    """Return for how many hours a registry's credentials are valid; 0 if they do not expire."""
    return row.declaration.exchanged_hours if logins[0].is_short else 0


def _every(foreseen: Foreseen) -> int:
    """Return the minutes between renewals: less than half of the lifetime."""
    return min(
        (hours * 20 for row, logins in foreseen if (hours := _hours(row, logins))), default=60
    )


def _life(row: Registry, logins: Sequence[PullCredential]) -> str:
    if not (hours := _hours(row, logins)):
        return gettext(
            "This is the stored password itself: it stays valid until somebody revokes it at the"
            " registry."
        )
    text = ngettext(
        "It is short-lived: it ends after %(count)d hour, and at least half of that is left when"
        " you take it. The stored credentials stay here.",
        "It is short-lived: it ends after %(count)d hours, and at least half of that is left when"
        " you take it. The stored credentials stay here.",
        hours,
    )
    return text % {"count": hours}
