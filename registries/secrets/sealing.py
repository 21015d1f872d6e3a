"""Secret: a value that is encrypted, bound to its row and its address, and never shown."""

import base64
import binascii
import struct
from datetime import datetime
from hmac import compare_digest
from typing import Any

from cryptography.fernet import InvalidToken
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from encrypted_model_fields import fields as library

# How sealed text begins. What was sealed as v1 does not say who was trusted with it.
VERSION, UNTOLD = "v2", "v1"
# Who may receive a secret at its address: whoever answers there, or only who shows a certificate
# of an authority that the site trusts. A model may name others, such as an authority of its own.
ANYBODY, VERIFIED = "anybody", "verified"


def trusts_no_more(now: str, before: str) -> bool:
    """Whether nobody may receive a secret now who could not receive it before."""
    return now in (before, VERIFIED) or before == ANYBODY


def _plain(binding: str) -> bytes:
    """What a binding says: nothing of parts at its end that are not set.

    A kind may have another address since a secret was sealed, such as that of a token server.
    No address holds the sign that stands between them.
    """
    return binding.rstrip("|").encode()


class SecretUnreadable(Exception):
    """A stored secret that today's keys do not open, or that was sealed for another place.

    The message names model, variable and row, never the data.
    """


class Secret:
    """A secret: sealed as it stands in the database, or fresh as it was just given.

    Immutable. `str()` and `repr()` never show it, JSON refuses it, pickling keeps only a sealed
    one. `reveal()` is the one way to the text.
    """

    __slots__ = ("_binding", "_fresh", "_place", "_trust", "token")

    def __init__(
        self,
        token: str | None = None,
        *,
        fresh: str | None = None,
        binding: str = "",
        trust: str = "",
        place: str = "a secret without its row",
    ) -> None:
        self.token = token
        self._fresh = fresh
        self._binding = binding
        self._trust = trust
        self._place = place

    @property
    def is_sealed(self) -> bool:
        return self.token is not None

    def bound(self, binding: str, trust: str, place: str) -> "Secret":
        """The same sealed secret, able to be revealed in its row."""
        if self.token is None:
            return self
        return Secret(self.token, binding=binding, trust=trust, place=place)

    @sensitive_variables()
    def seal(self, binding: str, trust: str) -> "Secret":
        """The sealed form for the row that `binding` names; a sealed secret stays as it is."""
        if self._fresh is None:
            return self
        text = f"{VERSION}\n{binding}\n{trust}\n{self._fresh}"
        return Secret(library.encrypt_str(text).decode("ascii"))

    @sensitive_variables()
    def with_trust(self) -> "Secret":
        """The secret sealed with whom its row trusts today, where nothing was said of that yet.

        Its time stays that of the first sealing. What cannot be read stays as it is.
        """
        opened, _why = self._open()
        if opened is None or self.token is None or not self._is_untold():
            return self
        text = f"{VERSION}\n{self._binding}\n{self._trust}\n{opened}"
        sealed_at = library.CRYPTER.extract_timestamp(self.token)
        token = library.CRYPTER.encrypt_at_time(text.encode(), sealed_at).decode("ascii")
        return Secret(token).bound(self._binding, self._trust, self._place)

    def reveal(self) -> str:
        """The secret in clear. Raises SecretUnreadable."""
        if self._fresh is not None:
            return self._fresh
        opened, why = self._open()
        if opened is None:
            raise SecretUnreadable(f"{self._place} {why}")
        return opened

    # No template calls what is marked so, nor does Jinja's sandbox.
    reveal.alters_data = True  # type: ignore[attr-defined]

    def readable(self) -> bool:
        """Whether `reveal()` would succeed."""
        try:
            self.reveal()
        except SecretUnreadable:
            return False
        return True

    @property
    def set_at(self) -> datetime | None:
        """When the secret was given: a Fernet token shows it in clear (bytes 1 to 8)."""
        try:
            head = base64.urlsafe_b64decode((self.token or "")[:12])
            (seconds,) = struct.unpack(">Q", head[1:9])
            return datetime.fromtimestamp(seconds, timezone.get_default_timezone())
        except (binascii.Error, struct.error, ValueError, OverflowError, OSError):
            return None

    def _open(self) -> tuple[str | None, str]:
        """The secret, or None and why; what was opened stays out of every frame that raises."""
        try:
            opened = str(library.decrypt_str(self.token))
        except (InvalidToken, UnicodeError):
            return None, "cannot be decrypted with today's keys"
        version, _, rest = opened.partition("\n")
        binding, _, rest = rest.partition("\n")
        is_ours = self._binding and compare_digest(_plain(binding), _plain(self._binding))
        if not is_ours or version not in {UNTOLD, VERSION}:
            return None, "was sealed for another row or address"
        if version == UNTOLD:
            return rest, ""
        trust, _, text = rest.partition("\n")
        if not trusts_no_more(self._trust, trust):
            return None, "was sealed for a server whose certificate is verified otherwise"
        return text, ""

    def _is_untold(self) -> bool:
        return str(library.decrypt_str(self.token)).startswith(f"{UNTOLD}\n")

    def __str__(self) -> str:
        return "********"

    def __repr__(self) -> str:
        return "<Secret>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self is other or (self.token is not None and self.token == other.token)

    def __hash__(self) -> int:
        return hash(self.token)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        if self.token is None:
            raise TypeError("A secret that is not saved yet cannot be pickled.")
        return Secret, (self.token,)
