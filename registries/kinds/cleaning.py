"""Cleaning functions for the values of variables.

Each takes a text that is not empty and, except for passwords, has no white space around it. It
returns the value as it is stored, or raises Invalid. Cleaning a stored value changes nothing.
"""

import base64
import codecs
import json
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress

from registries.credentials import LINES, is_key_file
from registries.kinds.problem import Invalid
from registries.text import gettext_noop as _
from registries.text import trimmed

# Control characters would split HTTP headers, and lone surrogates cannot be encoded.
_REFUSED = frozenset({"Cc", "Cs"})


def opaque(text: str) -> str:
    """Clean a token or key: any text without control characters."""
    if _has_control(text):
        raise Invalid("control_character", _("Remove line breaks and other control characters."))
    return text


def password(text: str) -> str:
    """Clean a password: any text without control characters, or a key file of several lines."""
    is_key = text.endswith("}") and is_key_file("", text)
    return text if is_key and not _has_control(text, LINES) else opaque(text)


def edge_spaces(password: str) -> str | None:
    """Return a warning for a password with white space around it: it is legal, but rarely meant."""
    if password == trimmed(password):
        return None
    if password == password.strip():
        return _(
            "The password starts or ends with an invisible character, which was kept. Check"
            " that it belongs there."
        )
    return _(
        "The password starts or ends with a space, which was kept. Check that it belongs there."
    )


def _has_control(text: str, allowed: str = "") -> bool:
    return any(
        unicodedata.category(character) in _REFUSED and character not in allowed
        for character in text
    )


def user(text: str) -> str:
    """Clean a user name, which must not contain a colon: it ends there in Basic (RFC 7617)."""
    if ":" in text:
        raise Invalid("colon", _("Remove the colon and everything after it. Enter only the name."))
    return opaque(text)


def robot_part(text: str) -> str:
    """Clean one half of a robot account's name, which is `namespace+account`."""
    if "+" in text:
        raise Invalid(
            "plus",
            _(
                "Enter the part before the + as the namespace, and the part after"
                " it as the account."
            ),
        )
    return user(text)


def matching(pattern: str, template: str) -> Callable[[str], str]:
    """Return a cleaning function for texts that match a pattern in full."""
    compiled = re.compile(pattern, re.ASCII)

    def clean(text: str) -> str:
        if not compiled.fullmatch(text):
            raise Invalid("invalid", template)
        return text

    return clean


# The hashes that htpasswd writes after the user name: bcrypt, MD5, SHA-crypt and SHA-1.
_HASH = re.compile(r"\$(?:2[abxy]?|apr1|1|5|6)\$|\{SHA\}")


def split_auth(text: str) -> tuple[str, str]:
    """Return login and password of docker's `auth`, which is base64 of `login:password`.

    Like docker, this accepts missing padding and trailing NUL bytes. Spaces in the password are
    kept. Raises Invalid.
    """
    _refuse_hash(text)
    data = _decode(text)
    if data is None:
        raise Invalid(
            "not_base64", _("This is not base64. Enter login:password encoded as base64.")
        )
    decoded = _read(data)
    login, colon, secret = decoded.partition(":")
    if not colon:
        raise Invalid("no_colon", _("The decoded text has no colon. Encode login:password."))
    if not login:
        raise Invalid(
            "no_login", _("The decoded text has no login before the colon. Encode login:password.")
        )
    if not secret:
        raise Invalid(
            "no_password",
            _("The decoded text has no password. Enter a login and an access token instead."),
        )
    _refuse_hash(decoded)
    if _has_control(login) or _has_control(secret, LINES if is_key_file(login, secret) else ""):
        _refuse_control(decoded)
    return login, secret


def _refuse_control(decoded: str) -> None:
    if _has_control(decoded.rstrip("\r\n")):
        raise Invalid(
            "control_character",
            _(
                "The decoded text contains line breaks or other control characters. Encode it"
                " without them."
            ),
        )
    raise Invalid(
        "line_break",
        _(
            "The decoded password ends with a line break, as echo adds it. Encode it with"
            " printf or echo -n."
        ),
    )


def _decode(text: str) -> bytes | None:
    # The errors of the codecs contain the secret, so none is raised from here.
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).rstrip(b"\0")
    except ValueError:
        return None


# UTF-16 starts with a byte order mark or has a NUL next to its first letter.
_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|.\0|\0.", re.DOTALL)


def _read(data: bytes) -> str:
    """Decode UTF-8, the encoding that is sent to registries. Raises Invalid for any other."""
    if _UTF16.match(data):
        raise Invalid(
            "utf16",
            _(
                "The decoded text is UTF-16, as PowerShell writes it. Encode login:password"
                " as UTF-8."
            ),
        )
    if data.startswith(codecs.BOM_UTF8):
        raise Invalid(
            "byte_order_mark",
            _("The decoded text starts with a byte order mark. Encode login:password without it."),
        )
    with suppress(UnicodeError):
        return data.decode()
    raise Invalid(
        "not_utf8",
        _("The decoded text is not UTF-8. Encode login:password as UTF-8."),
    )


def _refuse_hash(text: str) -> None:
    if _HASH.match(text.partition(":")[2]):
        raise Invalid(
            "hashed",
            _(
                "This is a line of an htpasswd file. It contains a hash, which cannot sign"
                " in. Encode login:password with the password itself."
            ),
        )


def auth(text: str) -> str:
    """Clean docker's `auth`. Line breaks, which base64 tools insert, are dropped."""
    joined = "".join(text.split())
    split_auth(joined)
    return joined


TENANT_PATTERN = (
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?"
)
_tenant = matching(
    TENANT_PATTERN,
    _("Enter the tenant's id (a GUID) or a domain name such as contoso.onmicrosoft.com."),
)


def tenant(text: str) -> str:
    """Clean a Microsoft Entra tenant: its GUID or one of its domain names, in lower case."""
    return _tenant(text.lower())


_PEM = re.compile(
    r"-----BEGIN ((?:RSA )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----", re.ASCII
)


def private_key(text: str) -> str:
    """Clean a PEM private key. A literal `\\n`, as in a JSON key file, becomes a line break."""
    match = _PEM.fullmatch(text.strip('"').replace("\\r", "").replace("\\n", "\n").strip())
    if not (match and match[2].split()):
        raise Invalid(
            "not_pem",
            _(
                "Paste the whole key, from BEGIN PRIVATE KEY to END PRIVATE KEY. It must not"
                " have a passphrase."
            ),
        )
    return "\n".join(
        (f"-----BEGIN {match[1]}-----", *match[2].split(), f"-----END {match[1]}-----", "")
    )


def key_file(text: str) -> dict[str, str]:
    """Return the variables in a Google key file, or an empty dict if it is not a JSON object.

    Only files of service accounts are accepted. Other credential files can name addresses to call
    and local files to read.
    """
    if not text.lstrip().startswith("{"):
        return {}
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = {}
    fields = {
        "clientemail": data.get("client_email"),
        "privatekey": data.get("private_key"),
    }
    if data.get("type") != "service_account" or not all(
        isinstance(value, str) and value for value in fields.values()
    ):
        raise Invalid(
            "not_a_service_account",
            _("Paste the JSON key file of a service account. Other files do not work."),
        )
    return {name: str(value) for name, value in fields.items()}
