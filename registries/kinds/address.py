"""Addresses of registries and token servers, parsed once and strictly."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

from registries.kinds.problem import Invalid
from registries.text import gettext_noop as _

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_PARTS = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[^\[\]:/]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/.*)?",
    re.ASCII | re.IGNORECASE,
)
# An address without a scheme, as platforms show it. A single word without a dot is only accepted
# if it is localhost: any other one, or `admin:12345`, may be a secret in the wrong field, and
# addresses are shown in clear.
_BARE = re.compile(
    r"(?:localhost|[a-z0-9.-]+\.(?:[a-z]+|xn--[a-z0-9-]+|[0-9]{1,3})|\[[0-9a-f:.]+\])"
    r"(?::[0-9]{1,5})?(?:/.*)?",
    re.ASCII | re.IGNORECASE,
)
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
_API = re.compile(r"(?:/(?:v2)?)+\Z", re.ASCII)

# The most characters of a host with its port, which the database stores.
MAX_NETLOC = 255

# The pattern of an address in JSON Schema. `clean_url` is stricter.
PATTERN = r"^([Hh][Tt][Tt][Pp][Ss]?://|(?!.*://))[^\s/?#@%\\]+(/[^\s?#@%\\]*)?$"


class Address(NamedTuple):
    """The normalised parts of an address. `port` is None for the scheme's default port."""

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def netloc(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def url(self) -> str:
        return self.origin + self.path


def parse_address(text: str) -> Address:
    """Parse the address of a registry or token server. Raises Invalid."""
    if re.search(r"[\x00-\x20\x7f\\]", text):
        raise Invalid("character", _("Remove spaces, backslashes and control characters."))
    if "@" in text:
        raise Invalid("user", _("Remove the user name and password. They have their own fields."))
    if "?" in text or "#" in text:
        raise Invalid("query", _("Remove the ? or # and everything after it."))
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise Invalid(
            "invalid",
            _(
                "Enter an address that starts with https:// or http://, such as"
                " https://registry.example.com:5000."
            ),
        )
    scheme = parts["scheme"].lower()
    port = int(parts["port"]) if parts["port"] else None
    if port is not None and not 0 < port < 65536:
        raise Invalid("port", _("A port is a number from 1 to 65535."))
    address = Address(
        scheme,
        _host(parts["host"].lower()),
        None if port == _DEFAULT_PORTS[scheme] else port,
        _path(parts["path"] or ""),
    )
    if len(address.netloc) > MAX_NETLOC:
        raise Invalid("host", _("Enter a shorter host name: with its port, it is too long."))
    return address


def clean_url(text: str) -> str:
    """Return the address as it is stored. Raises Invalid.

    The host is in lower case, and the default port and a trailing slash or /v2 are dropped. An
    address without a scheme becomes https.
    """
    return parse_address(f"https://{text}" if _BARE.fullmatch(text) else text).url


def _host(host: str) -> str:
    if not host.isascii():
        raise Invalid("host", _("Enter international host names in their xn-- form."))
    try:
        if host.startswith("["):
            return f"[{IPv6Address(host[1:-1]).compressed}]"
        # Resolvers also read 2130706433, 0x7f.1 and 127.1 as IPv4 addresses. Only the usual form
        # with four decimals is accepted.
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            return str(IPv4Address(host))
    except AddressValueError:
        raise Invalid("host", _("Enter the complete IP address, such as 192.0.2.10.")) from None
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise Invalid(
            "host", _("Enter a valid host name: letters, digits and hyphens, separated by dots.")
        )
    return host


def _path(path: str) -> str:
    path = _API.sub("", path)
    segments = path.split("/")[1:]
    if not all(_SEGMENT.fullmatch(s) and s not in {".", ".."} for s in segments):
        raise Invalid("path", _("Enter a path of plain names, separated by single slashes."))
    return path
