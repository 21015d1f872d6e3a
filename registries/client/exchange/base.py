"""What the exchanges have in common."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from registries.credentials import Basic, IdentityToken

# Bytes: the response of a cloud's token server has a few kilobytes.
LIMIT = 256 * 1024
_TOKEN = re.compile(r"[!-~]{1,65536}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A credential that a cloud returned for an identity.

    expires_at, made_at: aware UTC.
    registry: the registry's address in the response of ECR, unchecked; None for other clouds.
    """

    credential: Basic | IdentityToken
    expires_at: datetime
    registry: str | None = None
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def left(self) -> timedelta:
        """How long it is valid from now."""
        return self.expires_at - datetime.now(UTC)

    @property
    def is_young(self) -> bool:
        """Whether at least half of its life is left."""
        return self.left >= (self.expires_at - self.made_at) / 2


def is_token(value: object) -> bool:
    """Return whether a value is a token that may be sent in a header or a form."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
