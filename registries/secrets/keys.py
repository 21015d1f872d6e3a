"""The encryption keys of today, by their ids; the keys themselves stay in the library.

A key id is eight hex digits of a hash: enough to tell which key a row was encrypted with, and
nothing from which a key could be found.
"""

import hashlib

from cryptography.fernet import Fernet, InvalidToken
from encrypted_model_fields import fields as library


def key_ids() -> tuple[str, ...]:
    """The ids of the keys in force; the first one encrypts."""
    return tuple(map(_key_id, _keys()))


def key_of(token: str) -> str | None:
    """The id of the key that opens what is sealed in the token; None where none in force does."""
    for key in _keys():
        try:
            key.decrypt(token.encode())
        except (InvalidToken, UnicodeError):
            continue
        return _key_id(key)
    return None


def renewed(token: str) -> str:
    """The token encrypted with the first key; itself where it is so already, or no key opens it.

    Its time stays that of the first sealing.
    """
    if key_of(token) in {None, key_ids()[0]}:
        return token
    return str(library.CRYPTER.rotate(token.encode()).decode("ascii"))


def _key_id(key: Fernet) -> str:
    ident = b"registries key id\0" + key._signing_key + key._encryption_key
    return hashlib.sha256(ident).hexdigest()[:8]


def _keys() -> tuple[Fernet, ...]:
    # Read from the library's crypter, not from the settings: it alone decides what is readable.
    crypter = library.CRYPTER
    return tuple(getattr(crypter, "_fernets", (crypter,)))
