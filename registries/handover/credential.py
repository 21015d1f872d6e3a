"""PullCredential: what another program signs in to a registry with; neutral of its form."""

from dataclasses import dataclass, field
from datetime import datetime

# How docker's files and its helpers call Docker Hub.
HUB, HUB_KEY = "docker.io", "https://index.docker.io/v1/"


@dataclass(frozen=True, slots=True)
class PullCredential:
    """A user name and a password for the images of one host, or of a prefix there.

    host: maybe with a port; `*` stands for any one label where a form can say so.
    prefix: as the row has it, the host first; empty where it is for the whole host.
    expires_at: aware UTC; None for a long-lived one, which ends when somebody revokes it.
    is_short: it was exchanged for what is stored, which does not leave the site.
    """

    host: str
    prefix: str
    username: str = field(repr=False)  # it may be a token
    password: str = field(repr=False)
    expires_at: datetime | None
    is_short: bool

    @property
    def path(self) -> str:
        """The path that the prefix limits it to; empty for the whole host."""
        return self.prefix.partition("/")[2]

    @property
    def place(self) -> str:
        """What it is for: the host, and the path behind it if there is one."""
        return f"{self.host}/{self.path}" if self.path else self.host

    def __reduce__(self) -> str:
        raise TypeError("A pull credential is not pickled: it holds a secret in clear.")
