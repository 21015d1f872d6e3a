"""What went wrong on the way to a server, or in the place of a registry's answer.

What a library or a server says about it is looked at and dropped: codes of ours are told.
"""

import ssl
from http.client import BadStatusLine, IncompleteRead
from socket import gaierror

from registries.client.connection import BlockedAddress, ClientCertificateNeeded, TooLarge
from registries.client.errors import ClientError, Misconfigured, Unreachable
from registries.client.proxy import ProxyFault

# The first that fits.
_CODES: tuple[tuple[type[BaseException], str], ...] = (
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
# Why OpenSSL does not believe a certificate: X509_V_ERR_… in openssl/x509_vfy.h. Any other reason
# is that no CA vouches for it.
_CERTIFICATES = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "self_signed",  # and by itself alone; a CA that signs itself is 19, unknown
    62: "certificate_other_name",
    64: "certificate_other_name",  # an IP address
    66: "weak_tls",  # the key of the server
    67: "weak_tls",  # the key of its CA
    68: "weak_tls",  # a signature, such as SHA-1
}
# Alerts that servers send (RFC 8446, section 6.2) and faults that OpenSSL finds.
_TLS = {
    # About our certificate, for we have none.
    "SSLV3_ALERT_BAD_CERTIFICATE": "client_certificate",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "client_certificate",
    "SSLV3_ALERT_NO_CERTIFICATE": "client_certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "client_certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "client_certificate",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "client_certificate",
    # The server has no certificate for the name that it was asked for.
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
# Pages with status 400 that servers answer with before anything behind them is asked, by the
# scheme of the request.
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
# An alert of TLS, read as though it were the first line of an answer.
_ALERT = "\x15\x03"


def of_error(error: BaseException, host: str) -> ClientError:
    """What an error of the wire means for a request to `host`."""
    if isinstance(error, BlockedAddress):
        return Misconfigured("blocked_address", host=host)
    if isinstance(error, ProxyFault):
        return Unreachable(error.code, host=error.host)
    if isinstance(error, BadStatusLine) and str(error.args[0]).startswith(_ALERT):
        return Misconfigured("https_needed", host=host)
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    if isinstance(error, ssl.SSLCertVerificationError):
        code = _CERTIFICATES.get(error.verify_code, code)
    elif isinstance(error, ssl.SSLError):
        code = _TLS.get(error.reason or "", code)
    return Unreachable(code, host=host)


def of_page(status: int, body: bytes, scheme: str, host: str) -> ClientError | None:
    """What a server's page says of how it was called; None for any other answer."""
    if status != 400:
        return None
    code = next((code for text, code in _PAGES[scheme] if text in body), None)
    if code == "https_needed":
        return Misconfigured(code, host=host)
    return Unreachable(code, host=host) if code else None
