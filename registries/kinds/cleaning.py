"""Cleaning: how the variables' values are read, and what each refuses.

Every cleaner takes a text without white space around it, never empty, and returns what is
stored; cleaning that once more changes nothing.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Callable

from registries.kinds.problem import Invalid
from registries.text import gettext_noop as _

# Control characters would split headers, surrogates cannot be encoded.
_REFUSED = frozenset({"Cc", "Cs"})


def opaque(text: str) -> str:
    """Any text without control characters: passwords and tokens."""
    if any(unicodedata.category(character) in _REFUSED for character in text):
        raise Invalid("control_character", _("Remove line breaks and other control characters."))
    return text


def user(text: str) -> str:
    """A user name: in Basic authentication it ends at the first colon (RFC 7617)."""
    if ":" in text:
        raise Invalid("colon", _("Leave out the colon and what follows: this is the name alone."))
    return opaque(text)


def robot_part(text: str) -> str:
    """One half of a robot account's name, which is `namespace+account`."""
    if "+" in text:
        raise Invalid("plus", _("Before the + stands the namespace, after it the account."))
    return user(text)


def matching(pattern: str, template: str) -> Callable[[str], str]:
    """A cleaner for texts that match a pattern in full."""
    compiled = re.compile(pattern, re.ASCII)

    def clean(text: str) -> str:
        if not compiled.fullmatch(text):
            raise Invalid("invalid", template)
        return text

    return clean


# What htpasswd writes behind the user: bcrypt, MD5, SHA-crypt and SHA-1.
_HASH = re.compile(r"\$(?:2[abxy]?|apr1|1|5|6)\$|\{SHA\}")


def split_auth(text: str) -> tuple[str, str]:
    """The login and password in docker's `auth`, base64 of `login:password`.

    Padding may be missing and NULs may follow, as docker itself allows. Raises Invalid.
    """
    _refuse_hash(text)
    decoded = _decode(text)
    if decoded is None:
        raise Invalid("not_base64", _("This is not base64. Encode login:password."))
    login, _colon, password = decoded.partition(":")
    if not (login and password):
        raise Invalid(
            "no_colon", _("Decoded, this is not login:password: the colon or one side is missing.")
        )
    _refuse_hash(decoded)
    return login, opaque(password)


def _decode(text: str) -> str | None:
    # None rather than an error: those of the codecs carry the secret with them.
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        return data.rstrip(b"\0").decode()
    except ValueError:
        return None


def _refuse_hash(text: str) -> None:
    if _HASH.match(text.partition(":")[2]):
        raise Invalid(
            "hashed",
            _(
                "This is a line of an htpasswd file. Its password is hashed and can never"
                " sign in: encode login:password with the password itself."
            ),
        )


def auth(text: str) -> str:
    """Docker's `auth`; the line breaks of base64 tools are dropped."""
    joined = "".join(text.split())
    opaque(split_auth(joined)[0])
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
    """A Microsoft Entra tenant: its GUID or one of its domain names, in lower case."""
    return _tenant(text.lower())


_PEM = re.compile(
    r"-----BEGIN ((?:RSA )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----", re.ASCII
)


def private_key(text: str) -> str:
    """A PEM private key; literal backslash-n, as in a JSON key file, becomes a line break."""
    match = _PEM.fullmatch(text.strip('"').replace("\\r", "").replace("\\n", "\n").strip())
    if not (match and match[2].split()):
        raise Invalid(
            "not_pem",
            _("Paste the whole key, from BEGIN PRIVATE KEY to END PRIVATE KEY, no passphrase."),
        )
    return "\n".join(
        (f"-----BEGIN {match[1]}-----", *match[2].split(), f"-----END {match[1]}-----", "")
    )


def key_file(text: str) -> dict[str, str]:
    """The variables in a Google key file; nothing where the text is no JSON object.

    Only service accounts: other credential files name addresses and local files to read.
    """
    if not text.lstrip().startswith("{"):
        return {}
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = {}
    found = {
        "clientemail": data.get("client_email"),
        "privatekey": data.get("private_key"),
    }
    if data.get("type") != "service_account" or not all(
        isinstance(value, str) and value for value in found.values()
    ):
        raise Invalid(
            "not_a_service_account",
            _("Paste the JSON key of a service account: other files cannot sign in."),
        )
    return {name: str(value) for name, value in found.items()}
