"""Bearer tokens: how they are read from a token server's response, and their lifetime.

Source: distribution/distribution, docs/content/spec/auth/token.md.
"""

import base64
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from registries.client.responses import json_object

# Seconds: a token without a lifetime is used for a minute, and none for longer than an hour.
SHORTEST, LONGEST = 60.0, 3600.0
# Seconds before its end when a token is dropped, because a request takes time to arrive.
MARGIN = 10.0
# The characters that are allowed in a header, and the longest line that common servers accept.
_SAFE = re.compile(r"[!-~]{1,16384}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the seconds for which it may be used."""

    value: str
    seconds: float


def read(body: bytes) -> Token | None:
    """Return the token in a token server's response, or None if it has no usable one.

    Servers call it `token`, `access_token`, or both.
    """
    data = json_object(body) or {}
    for name in ("token", "access_token"):
        value = data.get(name)
        if isinstance(value, str) and _SAFE.fullmatch(value):
            return Token(value, _seconds(data, value))
    return None


def payload(token: str) -> dict[str, Any] | None:
    """Return the claims of a JWT without checking its signature, or None if it is no JWT.

    They are only used for lifetimes and diagnosis; no access is granted because of them.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        body = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
    except ValueError:
        return None
    return json_object(body)


def granted(token: str) -> frozenset[str] | None:
    """Return the repositories that a JWT allows to pull, or None if it does not say.

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


def _seconds(data: dict[str, Any], token: str) -> float:
    lifetime = _number(data.get("expires_in"))
    if lifetime is None:
        lifetime = _lifetime_of(token)
    else:
        age = _age(data.get("issued_at"))
        # Any other age means that a clock is wrong. The token was issued just now.
        if 0 <= age <= lifetime:
            lifetime -= age
    return min(max(lifetime, SHORTEST), LONGEST) - MARGIN


def _lifetime_of(token: str) -> float:
    claims = payload(token) or {}
    expires, issued = _number(claims.get("exp")), _number(claims.get("iat"))
    if expires is None:
        return SHORTEST
    # Both times are the server's if it sends both, because its clock may differ from ours.
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
