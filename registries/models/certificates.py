"""CA certificates as people paste them, and as they are stored: what `ssl` reads, nothing else."""

import base64
import re
import ssl

from registries.text import gettext_noop as _

# Bytes of a pasted text. One's own authority takes one or two certificates; a list of the world's
# belongs into `CA_BUNDLE`, which all connections share.
LONGEST = 64 * 1024

_BLOCK = re.compile(
    r"-----BEGIN (?:X509 )?CERTIFICATE-----([^-]*)-----END (?:X509 )?CERTIFICATE-----", re.ASCII
)
_BEGIN = re.compile(r"-----BEGIN (?:X509 )?CERTIFICATE-----", re.ASCII)
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----", re.ASCII)
# What indents, quotes and escapes leave between the letters of base64.
_BETWEEN = re.compile(r"[\s\"'\\]+")


class InvalidCertificate(ValueError):
    """A text that holds no certificates, or more than them; `str()` says what to do."""


def read(text: str) -> str:
    """The certificates in a pasted text, as PEM. Raises InvalidCertificate.

    What stands between them is left out, whatever letters it has. Lines may be indented, and a
    literal backslash-n, as in JSON and in environment variables, is a line break.
    """
    if len(text.encode(errors="replace")) > LONGEST:
        raise InvalidCertificate(_("This is longer than 64 kB. Paste your own authority alone."))
    if _KEY.search(text):
        raise InvalidCertificate(_("This holds a private key. Paste the certificate alone."))
    begun, bodies = _BEGIN.findall(text), _bodies(text)
    if not begun:
        raise InvalidCertificate(
            _("This is no PEM certificate: those start with -----BEGIN CERTIFICATE-----.")
        )
    pem = _written(bodies) if len(begun) == len(bodies) else None
    if pem is None:
        raise InvalidCertificate(_("A certificate here cannot be read. Copy it again as a whole."))
    return pem


def essence(text: str) -> str:
    """What stays the same however the same certificates are written; empty for none."""
    bodies = _bodies(text)
    # What is not understood here may be by `ssl`: then everything counts.
    is_plain = bodies and len(bodies) == text.count("-----BEGIN")
    return "".join(bodies if is_plain else text.split())


def _bodies(text: str) -> list[str]:
    """The base64 of each certificate in a text, in one line."""
    unescaped = text.replace("\\r", "").replace("\\n", "\n")
    return [_BETWEEN.sub("", body) for body in _BLOCK.findall(unescaped)]


def _written(bodies: list[str]) -> str | None:
    """The certificates, each once, as PEM; None where one of them cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        ders = dict.fromkeys(base64.b64decode(body, validate=True) for body in bodies)
        pem = "".join(map(ssl.DER_cert_to_PEM_cert, ders)).strip()
        # As connections load it.
        context.load_verify_locations(cadata=pem)
    except (OSError, ValueError):
        return None
    return pem if context.cert_store_stats()["x509"] == len(ders) else None
