"""Reads CA certificates as people paste them, and normalises them for storage."""

import base64
import re
import ssl
from hashlib import sha256

from cryptography import x509

from registries.text import gettext_noop as _

# Bytes of a pasted text. A private CA needs one or two certificates. A whole bundle belongs in the
# setting `CA_BUNDLE`, which all rows share.
LONGEST = 64 * 1024

# So many certificates are named one by one in the audit, with so much of a subject.
NAMED, SUBJECT_LENGTH = 3, 80

_BLOCK = re.compile(
    r"-----BEGIN (?:X509 )?CERTIFICATE-----([^-]*)-----END (?:X509 )?CERTIFICATE-----", re.ASCII
)
_BEGIN = re.compile(r"-----BEGIN (?:X509 )?CERTIFICATE-----", re.ASCII)
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----", re.ASCII)
# Indentation, quotes and escapes between the letters of base64.
_BETWEEN = re.compile(r"[\s\"'\\]+")


class InvalidCertificate(ValueError):
    """The text cannot be used as CA certificate. `str()` says what to do."""


def read(text: str) -> str:
    """Return the certificates in a pasted text as PEM. Raises InvalidCertificate.

    Text between the certificates is dropped. Lines may be indented, and a literal backslash-n, as
    in JSON and environment variables, is read as a line break.
    """
    if len(text.encode(errors="replace")) > LONGEST:
        raise InvalidCertificate(
            _("This is longer than 64 kB. Paste only your own CA certificate.")
        )
    if _KEY.search(text):
        raise InvalidCertificate(_("This contains a private key. Paste only the certificate."))
    begins, bodies = _BEGIN.findall(text), _bodies(text)
    if not begins:
        raise InvalidCertificate(
            _(
                "This is not a PEM certificate. Paste one that starts with -----BEGIN"
                " CERTIFICATE-----."
            )
        )
    pem = _to_pem(bodies) if len(begins) == len(bodies) else None
    if pem is None:
        raise InvalidCertificate(
            _("One of the certificates cannot be read. Copy the whole certificate again.")
        )
    return pem


def normalized(text: str) -> str:
    """Return a text that is the same for the same certificates, however they are formatted."""
    bodies = _bodies(text)
    # `ssl` may understand a block that is not understood here: then the whole text counts.
    is_plain = bodies and len(bodies) == text.count("-----BEGIN")
    return "".join(bodies if is_plain else text.split())


def described(text: str) -> str:
    """Return the SHA-256 fingerprint and the subject of each certificate, for the audit.

    Of many, the first three are named, and the others are counted in one fingerprint of all.
    """
    ders = [der for body in _bodies(text) if (der := _der(body))]
    named = "; ".join(map(_described, ders[:NAMED]))
    if not ders[NAMED:]:
        return named
    return f"{named}; +{len(ders) - NAMED} (all: SHA-256 {sha256(b''.join(ders)).hexdigest()})"


def _described(der: bytes) -> str:
    try:
        subject = x509.load_der_x509_certificate(der).subject.rfc4514_string()
    except ValueError:  # `ssl` reads some that this library does not
        subject = ""
    printable = "".join(filter(str.isprintable, subject))[:SUBJECT_LENGTH]
    return f"SHA-256 {sha256(der).hexdigest()} {printable}".strip()


def _der(body: str) -> bytes:
    try:
        return base64.b64decode(body)
    except ValueError:  # a row that was saved without being validated
        return b""


def _bodies(text: str) -> list[str]:
    """Return the base64 of each certificate in a text, without line breaks."""
    unescaped = text.replace("\\r", "").replace("\\n", "\n")
    return [_BETWEEN.sub("", body) for body in _BLOCK.findall(unescaped)]


def _to_pem(bodies: list[str]) -> str | None:
    """Return the certificates as PEM without duplicates, or None if one cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        ders = dict.fromkeys(base64.b64decode(body, validate=True) for body in bodies)
        pem = "".join(map(ssl.DER_cert_to_PEM_cert, ders)).strip()
        # This is how connections load them.
        context.load_verify_locations(cadata=pem)
    except (OSError, ValueError):
        return None
    return pem if context.cert_store_stats()["x509"] == len(ders) else None
