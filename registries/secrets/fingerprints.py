"""Fingerprints of values: they tell whether a value is the same, and nobody what it is.

They are keyed with one of the site's encryption keys, so that nobody who reads the database can try
passwords against them.
"""

import hashlib
import hmac

from django.views.decorators.debug import sensitive_variables

from registries.secrets.keys import key_ids, secret_for

# Hex digits: enough that no two values of a row meet by chance.
LENGTH = 32


class Fingerprints:
    """Makes fingerprints with the key that has this id; by default with the one that encrypts.

    Raises KeyError if no configured key has the id.
    """

    def __init__(self, key_id: str | None = None) -> None:
        self.key_id = key_ids()[0] if key_id is None else key_id
        secret = secret_for(self.key_id)
        self._key = hmac.digest(secret, b"registries fingerprint\0", hashlib.sha256)

    @sensitive_variables()
    def of(self, owner: str, name: str, value: str) -> str:
        """Return the fingerprint of a named value; the same value of another owner has another."""
        message = f"{owner}\0{name}\0{value}".encode(errors="surrogatepass")
        return hmac.digest(self._key, message, hashlib.sha256).hex()[:LENGTH]
