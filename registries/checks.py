"""System checks: what is wrong with the site's settings, said before anything fails.

registries.E001  an unknown key in REGISTRIES
registries.E002  a value in REGISTRIES that cannot be used
registries.E003  an encryption key that is no Fernet key
registries.W001  an encryption key that is not random, such as a sample
registries.W002  an encryption key that is the site's SECRET_KEY as well
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured

from registries import conf

KEY_BYTES = 32


@register(Tags.security)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report unknown keys and unusable values of REGISTRIES, never a value itself."""
    found: list[CheckMessage] = []
    known = ", ".join(conf.READERS)
    found.extend(
        Error(f"REGISTRIES has no key {name!r}.", hint=f"It knows: {known}.", id="registries.E001")
        for name in conf.raw()
        if name not in conf.READERS
    )
    try:
        conf.get()
    except ImproperlyConfigured as error:
        found.append(Error(str(error), id="registries.E002"))
    return found


@register(Tags.security)
def check_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report keys that the library takes although they are weak or mistyped."""
    setting = getattr(settings, "FIELD_ENCRYPTION_KEY", None)
    keys: Sequence[Any] = setting if isinstance(setting, list | tuple) else [setting]
    found: list[CheckMessage] = []
    for number, key in enumerate(keys, start=1):
        raw = _decoded(key)
        if raw is None:
            hint = "Make one with cryptography.fernet.Fernet.generate_key()."
            message = f"FIELD_ENCRYPTION_KEY: key {number} is not 32 bytes of URL-safe base64."
            found.append(Error(message, hint=hint, id="registries.E003"))
        elif len(set(raw)) < KEY_BYTES // 4 or raw.isascii():
            message = f"FIELD_ENCRYPTION_KEY: key {number} is not random."
            found.append(Caution(message, id="registries.W001"))
        if key and key in {settings.SECRET_KEY, settings.SECRET_KEY.encode()}:
            message = f"FIELD_ENCRYPTION_KEY: key {number} is SECRET_KEY as well."
            hint = "Use a key of its own: they are kept, changed and lost apart."
            found.append(Caution(message, hint=hint, id="registries.W002"))
    return found


def _decoded(key: Any) -> bytes | None:
    """The key's bytes, decoded strictly: the library also takes trailing junk."""
    try:
        text = key if isinstance(key, bytes) else str(key).encode("ascii")
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == KEY_BYTES else None
