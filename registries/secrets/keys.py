"""The ids of the configured encryption keys. The keys themselves stay in the library.

A key id is eight hex digits of a hash. It says which key encrypted a row, but not what the key is.
"""

import hashlib

from cryptography.fernet import Fernet, InvalidToken
from encrypted_model_fields import fields as library


def key_ids() -> tuple[str, ...]:
    """Return the ids of the configured keys. The first key encrypts."""
    return tuple(map(_key_id, _keys()))


def key_id_for(token: str) -> str | None:
    """Return the id of the key that decrypts a token, or None if no configured key does."""
    for key in _keys():
        try:
            key.decrypt(token.encode())
        except (InvalidToken, UnicodeError):
            continue
        return _key_id(key)
    return None


def secret_for(key_id: str) -> bytes:
    """Return the bytes of the configured key with this id. Raises KeyError."""
    for key in _keys():
        if _key_id(key) == key_id:
            return key._signing_key + key._encryption_key
    raise KeyError(key_id)


def rotated(token: str) -> str:
    """Return the token encrypted with the first key, and with its original time.

    A token is returned unchanged if it uses the first key already or no key decrypts it.
    """
    if key_id_for(token) in {None, key_ids()[0]}:
        return token
    return str(library.CRYPTER.rotate(token.encode()).decode("ascii"))


def _key_id(key: Fernet) -> str:
    material = b"registries key id\0" + key._signing_key + key._encryption_key
    return hashlib.sha256(material).hexdigest()[:8]


def _keys() -> tuple[Fernet, ...]:
    # The keys are those of the library's crypter, not of the settings, because it does the work.
    crypter = library.CRYPTER
    return tuple(getattr(crypter, "_fernets", (crypter,)))
