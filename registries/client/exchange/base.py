"""What the exchanges share."""

import re
from dataclasses import dataclass
from datetime import datetime

from registries.credentials import Basic, IdentityToken

# An answer of a cloud's token server is a few kilobytes.
LIMIT = 256 * 1024
_TOKEN = re.compile(r"[!-~]{1,65536}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a cloud gave for an identity.

    expires_at: aware UTC.
    registry: the registry that the answer names, as it says so, unchecked (ECR); else None.
    """

    credential: Basic | IdentityToken
    expires_at: datetime
    registry: str | None = None


def is_token(value: object) -> bool:
    """Whether a cloud's answer holds a token that may stand in a header or a form."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
