"""Converts exceptions and error pages of the connection to a ClientError.

The messages of libraries and servers are only used to choose a code; they are never shown.
"""

import ssl
from http.client import BadStatusLine, IncompleteRead
from socket import gaierror

from registries.client.connection import BlockedAddress, ClientCertificateNeeded, TooLarge
from registries.client.errors import ClientError, Misconfigured, Unreachable
from registries.client.proxy import ProxyFault

# The first class that matches counts.
_EXCEPTION_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (ClientCertificateNeeded, "client_certificate"),
    (TooLarge, "too_large"),
    (gaierror, "dns"),
    (TimeoutError, "timeout"),
    (ConnectionRefusedError, "refused"),
    (ssl.SSLEOFError, "connection"),
    (ssl.SSLCertVerificationError, "tls"),
    (ssl.SSLError, "no_tls"),
    (OSError, "connection"),
    (IncompleteRead, "connection"),
    (BaseException, "bad_answer"),
)
# Why OpenSSL does not trust a certificate: X509_V_ERR_… in openssl/x509_vfy.h. All other reasons
# mean that it was not issued by a trusted CA.
_CERTIFICATE_CODES = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "self_signed",  # a single self-signed certificate; 19 is an unknown CA that is self-signed
    62: "certificate_other_name",
    64: "certificate_other_name",  # an IP address
    66: "weak_tls",  # the key of the server
    67: "weak_tls",  # the key of its CA
    68: "weak_tls",  # a signature, such as SHA-1
}
# Alerts that servers send (RFC 8446, section 6.2), and errors of OpenSSL itself.
_TLS_CODES = {
    # These are about the client certificate, which is missing.
    "SSLV3_ALERT_BAD_CERTIFICATE": "client_certificate",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "client_certificate",
    "SSLV3_ALERT_NO_CERTIFICATE": "client_certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "client_certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "client_certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "client_certificate",
    # The server has no certificate for the requested name.
    "TLSV1_UNRECOGNIZED_NAME": "certificate_other_name",
    "CA_KEY_TOO_SMALL": "weak_tls",
    "CA_MD_TOO_WEAK": "weak_tls",
    "DH_KEY_TOO_SMALL": "weak_tls",
    "EE_KEY_TOO_SMALL": "weak_tls",
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": "weak_tls",
    "TLSV1_ALERT_PROTOCOL_VERSION": "weak_tls",
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": "weak_tls",
    "UNSUPPORTED_PROTOCOL": "weak_tls",
}
# Texts of error pages with status 400 that web servers and proxies send themselves, by the scheme
# of the request.
_PAGES = {
    # nginx, src/http/ngx_http_special_response.c, codes 496 and 497; Apache, modules/ssl; Go,
    # net/http/server.go.
    "https": ((b"No required SSL certificate was sent", "client_certificate"),),
    "http": (
        (b"The plain HTTP request was sent to HTTPS port", "https_needed"),
        (b"speaking plain HTTP to an SSL-enabled server port", "https_needed"),
        (b"Client sent an HTTP request to an HTTPS server", "https_needed"),
    ),
}
# The start of a TLS alert, which http.client reads as the status line of a response.
_ALERT = "\x15\x03"


def from_exception(error: BaseException, host: str) -> ClientError:
    """Return the ClientError for an exception that a request to `host` raised."""
    if isinstance(error, BlockedAddress):
        return Misconfigured("blocked_address", host=host)
    if isinstance(error, ProxyFault):
        return Unreachable(error.code, host=error.host)
    if isinstance(error, BadStatusLine) and str(error.args[0]).startswith(_ALERT):
        return Misconfigured("https_needed", host=host)
    code = next(code for kind, code in _EXCEPTION_CODES if isinstance(error, kind))
    if isinstance(error, ssl.SSLCertVerificationError):
        code = _CERTIFICATE_CODES.get(error.verify_code, code)
    elif isinstance(error, ssl.SSLError):
        code = _TLS_CODES.get(error.reason or "", code)
    return Unreachable(code, host=host)


def from_page(status: int, body: bytes, scheme: str, host: str) -> ClientError | None:
    """Return the ClientError for a page that says how the server was called, or None."""
    if status != 400:
        return None
    code = next((code for text, code in _PAGES[scheme] if text in body), None)
    if code == "https_needed":
        return Misconfigured(code, host=host)
    return Unreachable(code, host=host) if code else None
