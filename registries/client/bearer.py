"""Bearer tokens: what a token server's answer holds, and what a token says of itself.

Source: distribution/distribution, docs/content/spec/auth/token.md.
"""

import base64
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from registries.client.responses import document

# A token without a lifetime lives a minute, and none is trusted for longer than an hour.
SHORTEST, LONGEST = 60.0, 3600.0
# Tokens are dropped this long before they expire: a request takes its time to arrive.
MARGIN = 10.0
# What may stand in a header; also the longest line that common servers take.
_SAFE = re.compile(r"[!-~]{1,16384}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the seconds for which it may be used."""

    value: str
    seconds: float


def read(body: bytes) -> Token | None:
    """The token in a token server's answer; None where there is none that can be used.

    Servers name it `token`, `access_token`, or both.
    """
    answer = document(body) or {}
    for name in ("token", "access_token"):
        value = answer.get(name)
        if isinstance(value, str) and _SAFE.fullmatch(value):
            return Token(value, _seconds(answer, value))
    return None


def payload(token: str) -> dict[str, Any] | None:
    """What a JWT says of itself, its signature unchecked; None for a token that is no JWT.

    Good for diagnosis and lifetimes alone: nothing is granted because of it.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        body = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
    except ValueError:
        return None
    return document(body)


def granted(token: str) -> frozenset[str] | None:
    """The repositories that a JWT grants to pull; None where it does not say.

    Source: distribution/distribution, docs/content/spec/auth/jwt.md, claim `access`.
    """
    access = (payload(token) or {}).get("access")
    if not isinstance(access, list):
        return None
    return frozenset(
        grant["name"]
        for grant in access
        if isinstance(grant, dict)
        and grant.get("type") == "repository"
        and isinstance(grant.get("name"), str)
        and isinstance(grant.get("actions"), list)
        and any(action in grant["actions"] for action in ("pull", "*"))
    )


def _seconds(answer: dict[str, Any], token: str) -> float:
    lifetime = _number(answer.get("expires_in"))
    if lifetime is None:
        lifetime = _lifetime_of(token)
    else:
        age = _age(answer.get("issued_at"))
        # A clock that is wrong says nothing: the token was issued just now.
        if 0 <= age <= lifetime:
            lifetime -= age
    return min(max(lifetime, SHORTEST), LONGEST) - MARGIN


def _lifetime_of(token: str) -> float:
    claims = payload(token) or {}
    expires, issued = _number(claims.get("exp")), _number(claims.get("iat"))
    if expires is None:
        return SHORTEST
    # Both by the server's clock, where it says so: ours may differ.
    return expires - (time.time() if issued is None else issued)


def _age(issued_at: object) -> float:
    if not isinstance(issued_at, str):
        return 0
    try:
        issued = datetime.fromisoformat(issued_at)
    except ValueError:
        return 0
    issued = issued if issued.tzinfo else issued.replace(tzinfo=UTC)
    return (datetime.now(UTC) - issued).total_seconds()


def _number(value: object) -> float | None:
    if not isinstance(value, int | float):
        return None
    return float(min(max(value, 0), 1e12))
