"""Who signs in to the registries of the tests."""

from base64 import b64encode
from secrets import token_hex
from typing import NamedTuple, Self


class Account(NamedTuple):
    """A user name and a password."""

    username: str
    password: str

    @classmethod
    def random(cls) -> Self:
        """A new account; its password has a colon and a letter outside Latin-1."""
        return cls(f"user-{token_hex(4)}", f"pass:wörd-ł-{token_hex(8)}")

    @property
    def auth(self) -> str:
        """Base64 of `username:password`, as in docker's config.json."""
        return b64encode(":".join(self).encode()).decode()

    @property
    def header(self) -> str:
        """The Basic Authorization, UTF-8 (RFC 7617)."""
        return f"Basic {self.auth}"
