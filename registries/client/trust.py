"""Which certificates are trusted."""

import ssl
from functools import lru_cache
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from registries.client.connection import GuardedTls
from registries.client.errors import Misconfigured


@lru_cache(maxsize=32)
def tls_context(bundle: str | None, certificate: str, *, verify: bool) -> ssl.SSLContext:
    """Return the SSLContext for TLS connections, without using the environment.

    bundle: path of a PEM file or of a directory of hashed certificates; None for certifi's.
    certificate: PEM text of one more CA or of a server's own certificate; may be empty.
    verify: False trusts every server.
    Raises Misconfigured if the bundle or the certificate cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = GuardedTls
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    # This allows to trust an intermediate CA or a server's own certificate.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not _load_bundle(context, Path(bundle or DEFAULT_CA_BUNDLE_PATH)):
        raise Misconfigured("unreadable_ca_bundle")
    if certificate and not _load_text(context, certificate):
        raise Misconfigured("unreadable_ca")
    return context


def _load_bundle(context: ssl.SSLContext, path: Path) -> bool:
    try:
        if path.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError:
        return False
    return True


def _load_text(context: ssl.SSLContext, pem: str) -> bool:
    try:
        context.load_verify_locations(cadata=pem)
    except (OSError, ValueError, TypeError):
        return False
    return True
