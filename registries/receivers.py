"""`Receiver`: where messages go to, read from the setting NOTIFY.

Addresses of receivers hold tokens and passwords, so nothing but `label` is ever shown.
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

ADMINS = "admins"
# How the secret of a signed webhook begins, after the # of its address.
SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
# The bytes of a secret, as the specification demands (https://www.standardwebhooks.com/).
SHORTEST_SECRET, LONGEST_SECRET = 24, 64
_SCHEME = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>[^\s]+)", re.IGNORECASE)
# A host, maybe with a port.
_HOST = re.compile(r"([\w.-]+|\[[0-9a-f:.]+\])(:\d+)?", re.IGNORECASE)
# Commas may be part of an address, so they only separate if another address follows.
_BETWEEN = re.compile(r"[\s,]+(?=[a-z][a-z0-9+.-]*://|admins\b)|\s+|,+\s*\Z", re.IGNORECASE)


class Channel(StrEnum):
    """How a receiver is reached."""

    ADMINS = "admins"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver.

    url: of a webhook, or for Apprise; empty for the e-mail to ADMINS. secrets: the keys that sign
    webhooks. label: what people see: scheme and host of http(s), else the scheme alone, because
    what looks like a host may be a token there.
    """

    channel: Channel
    label: str
    url: str = field(default="", repr=False)
    secrets: tuple[bytes, ...] = field(default=(), repr=False)


def split(text: str) -> list[str]:
    """Return the entries of a text, such as an environment variable."""
    return [entry for entry in _BETWEEN.split(text.strip()) if entry]


def parse(entries: Iterable[str]) -> tuple[Receiver, ...]:
    """Return the receivers of NOTIFY. Raises ValueError, which contains no entry."""
    parsed = [_parse(number, entry.strip()) for number, entry in enumerate(entries, start=1)]
    # Receivers that look alike are numbered.
    seen: Counter[str] = Counter()
    receivers = []
    for receiver in dict.fromkeys(parsed):
        seen[receiver.label] += 1
        count = seen[receiver.label]
        label = f"{receiver.label} ({count})" if count > 1 else receiver.label
        receivers.append(replace(receiver, label=label))
    return tuple(receivers)


def _parse(number: int, entry: str) -> Receiver:
    if entry.lower() == ADMINS:
        return Receiver(Channel.ADMINS, ADMINS)
    if (match := _SCHEME.fullmatch(entry)) is None:
        raise ValueError(
            f"a list of Apprise URLs, addresses of webhooks with #{SECRET_PREFIX}…, and {ADMINS}:"
            f" entry {number} is none of these"
        )
    scheme = match["scheme"].lower()
    url, _, fragment = entry.partition("#")
    is_web = scheme in {"http", "https"}
    label = f"{scheme}://{_host(match['rest']) if is_web else '…'}"
    if is_web and fragment.startswith(SECRET_PREFIX):
        secrets = tuple(_secret(number, text) for text in fragment.split(","))
        return Receiver(Channel.WEBHOOK, label, url, secrets)
    return Receiver(Channel.APPRISE, label, entry)


def _host(rest: str) -> str:
    """Return the host of what follows a scheme, or … where it may be a part of a password.

    A password may contain /, ? or # by mistake, and so end before what looks like a path.
    """
    authority = re.split(r"[/?#]", rest)[0]
    host = authority.rpartition("@")[2]
    is_host = _HOST.fullmatch(host) and "@" not in rest[len(authority) :]
    return host.lower() if is_host else "…"


def _secret(number: int, text: str) -> bytes:
    encoded = text.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not (text.startswith(SECRET_PREFIX) and SHORTEST_SECRET <= len(key) <= LONGEST_SECRET):
        raise ValueError(
            f"a list in which the secret of a webhook is {SECRET_PREFIX} and"
            f" {SHORTEST_SECRET} to {LONGEST_SECRET} bytes in base64: that of entry {number} is not"
        ) from None
    return key
