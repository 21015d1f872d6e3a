"""Certificates that something is wrong with, for servers over real sockets."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from tempfile import NamedTemporaryFile
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)
LOOPBACK = IPv4Address("127.0.0.1")


def signed_by_itself(
    *, from_: timedelta = -DAY, until: timedelta = DAY, bits: int | None = None
) -> tuple[ssl.SSLContext, str]:
    """What a server for 127.0.0.1 uses, and its certificate as PEM text.

    from_, until: since and till when it is valid, from now. bits: of an RSA key, else elliptic.
    """
    key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + from_)
        .not_valid_after(now + until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    context = server_context(minimum_security=0)
    with NamedTemporaryFile() as file:
        file.write(pem + _written(key))
        file.flush()
        context.load_cert_chain(file.name)
    return context, pem.decode()


def server_context(*, minimum_security: int = 2) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(f"DEFAULT:@SECLEVEL={minimum_security}")
    return context


def _written(key: Any) -> bytes:
    return bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
