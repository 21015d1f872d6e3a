"""PullCredential: what another program signs in to a registry with, in whichever form."""

from dataclasses import dataclass, field
from datetime import datetime

# Docker Hub's host, and its key in docker's files and helpers.
HUB, HUB_KEY = "docker.io", "https://index.docker.io/v1/"


@dataclass(frozen=True, slots=True)
class PullCredential:
    """A user name and a password for the images of one host, or of a prefix on it.

    host: maybe with a port. `*` stands for one label, in forms that allow it.
    prefix: the row's, which starts with the host; empty for the whole host.
    expires_at: aware UTC; None for a long-lived credential, which is valid until it is revoked.
    is_short: whether it was exchanged for the stored secret, which stays on the site.
    """

    host: str
    prefix: str
    username: str = field(repr=False)  # it may be a token
    password: str = field(repr=False)
    expires_at: datetime | None
    is_short: bool

    @property
    def path(self) -> str:
        """The path of the prefix; empty for the whole host."""
        return self.prefix.partition("/")[2]

    @property
    def place(self) -> str:
        """The host, and the path if there is one."""
        return f"{self.host}/{self.path}" if self.path else self.host

    def __reduce__(self) -> str:
        raise TypeError("A pull credential has a secret in plain text, so it cannot be pickled.")
