"""`Secret`: a value that is encrypted, bound to its row and its address, and never shown."""

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

# The first line of the encrypted text. Version 1 does not contain who may receive the secret.
VERSION, OLD_VERSION = "v2", "v1"
# Who may receive a secret at its address: every server that answers there, or only one with a
# certificate of a CA that the site trusts. A model may use other values, such as a private CA.
ANYBODY, VERIFIED = "anybody", "verified"


def trusts_no_more(now: str, before: str) -> bool:
    """Return whether everybody who may receive a secret now could also receive it before."""
    return now in (before, VERIFIED) or before == ANYBODY


def _comparable(binding: str) -> bytes:
    """Return a binding without empty parts at its end, to compare it with others.

    A later version of a kind may have another address variable, such as that of a token server.
    Addresses never contain the separator.
    """
    return binding.rstrip("|").encode()


class SecretUnreadable(Exception):
    """A stored secret cannot be decrypted, or it was sealed for another row or address.

    The message names the model, the variable and the row, never the data.
    """


class Secret:
    """A secret: either sealed, as in the database, or fresh, as it was just entered.

    It is immutable. `str()` and `repr()` do not show it, JSON refuses it, and only a sealed one can
    be pickled. Only `reveal()` returns the text.
    """

    __slots__ = ("_binding", "_label", "_text", "_trust", "token")

    def __init__(
        self,
        token: str | None = None,
        *,
        fresh: str | None = None,
        binding: str = "",
        trust: str = "",
        label: str = "a secret without its row",
    ) -> None:
        self.token = token
        self._text = fresh
        self._binding = binding
        self._trust = trust
        self._label = label

    @property
    def is_sealed(self) -> bool:
        return self.token is not None

    def bound(self, binding: str, trust: str, label: str) -> "Secret":
        """Return the sealed secret with what it needs to be revealed."""
        if self.token is None:
            return self
        return Secret(self.token, binding=binding, trust=trust, label=label)

    @sensitive_variables()
    def seal(self, binding: str, trust: str) -> "Secret":
        """Return the secret sealed for `binding` and `trust`; unchanged if it is sealed already."""
        if self._text is None:
            return self
        text = f"{VERSION}\n{binding}\n{trust}\n{self._text}"
        return Secret(library.encrypt_str(text).decode("ascii"))

    @sensitive_variables()
    def with_trust(self) -> "Secret":
        """Return a secret of version 1 sealed anew with its row's trust and its original time.

        Any other secret, and one that cannot be read, is returned unchanged.
        """
        if self._open()[0] is None or not self._is_old_version():
            return self
        return self.entrusted(self._trust)

    @sensitive_variables()
    def entrusted(self, trust: str) -> "Secret":
        """Return a sealed secret sealed anew for whom `trust` names, with its original time.

        One that cannot be read is returned unchanged.
        """
        plaintext, _reason = self._open()
        if plaintext is None or self.token is None:
            return self
        text = f"{VERSION}\n{self._binding}\n{trust}\n{plaintext}"
        sealed_at = library.CRYPTER.extract_timestamp(self.token)
        token = library.CRYPTER.encrypt_at_time(text.encode(), sealed_at).decode("ascii")
        return Secret(token).bound(self._binding, trust, self._label)

    def reveal(self) -> str:
        """Return the secret in clear. Raises SecretUnreadable."""
        if self._text is not None:
            return self._text
        plaintext, reason = self._open()
        if plaintext is None:
            raise SecretUnreadable(f"{self._label} {reason}")
        return plaintext

    # Django's templates and Jinja's sandbox do not call methods with this attribute.
    reveal.alters_data = True  # type: ignore[attr-defined]

    def readable(self) -> bool:
        """Return whether `reveal()` would succeed."""
        try:
            self.reveal()
        except SecretUnreadable:
            return False
        return True

    @property
    def set_at(self) -> datetime | None:
        """When the secret was entered: bytes 1 to 8 of a Fernet token are its time in clear."""
        try:
            header = base64.urlsafe_b64decode((self.token or "")[:12])
            (seconds,) = struct.unpack(">Q", header[1:9])
            return datetime.fromtimestamp(seconds, timezone.get_default_timezone())
        except (binascii.Error, struct.error, ValueError, OverflowError, OSError):
            return None

    def _open(self) -> tuple[str | None, str]:
        """Return the secret, or None and the reason.

        It does not raise, so that no traceback contains the decrypted text.
        """
        try:
            plaintext = str(library.decrypt_str(self.token))
        except (InvalidToken, UnicodeError):
            return None, "cannot be decrypted with today's keys"
        version, _, rest = plaintext.partition("\n")
        binding, _, rest = rest.partition("\n")
        is_ours = self._binding and compare_digest(_comparable(binding), _comparable(self._binding))
        if not is_ours or version not in {OLD_VERSION, VERSION}:
            return None, "was sealed for another row or address"
        if version == OLD_VERSION:
            return rest, ""
        trust, _, text = rest.partition("\n")
        if not trusts_no_more(self._trust, trust):
            return None, "was sealed for a server whose certificate is verified otherwise"
        return text, ""

    def _is_old_version(self) -> bool:
        return str(library.decrypt_str(self.token)).startswith(f"{OLD_VERSION}\n")

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
