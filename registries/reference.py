"""`Reference`: the registry, repository, tag and digest in the name of an image."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

from registries.text import gettext_noop as _

# The host of Docker Hub, and its other names, which are replaced by it.
HUB = "docker.io"
_HUB_NAMES = frozenset({HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})

# The longest valid reference: host, path, tag and a sha512 digest. Checked before any pattern.
_MAX_LENGTH = 255 + 255 + 128 + 150
_MAX_HOST = 255
MAX_PATH = 255

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(
    rf"(?:{_LABEL}(?:\.{_LABEL})*|\[(?P<ipv6>[a-fA-F0-9:]+)\])(?::[0-9]+)?", re.ASCII
)
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}", re.ASCII)
_PLATFORM = re.compile(r"[a-z0-9._-]{1,64}(?:/[a-z0-9._-]{1,64}){1,2}", re.ASCII)
# The ID of a local image. By the grammar, `sha256:…` would be a tag of docker.io/library/sha256.
_ID = re.compile(rf"[0-9a-f]{{64}}|{_DIGEST.pattern}", re.ASCII)
# Schemes that are copied along with a name: from browsers, Helm and Flux, or skopeo.
_SCHEME = re.compile(r"(?P<scheme>https?|oci|docker)://", re.IGNORECASE | re.ASCII)

# URLs of web pages of Docker Hub and Quay, and of the registry API. They are not image names.
_PAGE = re.compile(
    r"(?:https?://)?(?:www\.)?hub\.docker\.com(?:/.*)?|https?://quay\.io/repository/.*"
    r"|https?://[^/]+/v2/.+/(?:manifests|tags|blobs)/.*",
    re.IGNORECASE | re.ASCII,
)

# The grammar as patterns for JSON Schema. The one for images is a little stricter than the parser:
# it excludes IPv6 hosts, and paths and hosts of more than 247 characters.
_COMPONENT_WITHOUT_DOT = r"[a-z0-9]+(?:(?:_{1,2}|-+)[a-z0-9]+)*"
TAG_PATTERN = f"^{_TAG.pattern}$"
VERSION_PATTERN = f"^(?:{_TAG.pattern}|{_DIGEST.pattern})$"
PLATFORM_PATTERN = f"^{_PLATFORM.pattern}$"
REPOSITORY_PATTERN = f"^{_COMPONENT.pattern}(?:/{_COMPONENT.pattern})*$"
IMAGE_PATTERN = (
    r"^(?:docker://|(?:https?|oci)://(?=localhost/|[^/]*[.:][^/]*/))?"
    rf"(?!(?:{_ID.pattern})$)"
    r"(?![a-z0-9._-]{248}|(?=[a-z0-9_-]+/)[a-z0-9._/-]{248}|[^/]*/[a-z0-9._/-]{248}|[^/]{248}[^/]*/)"
    rf"(?:(?:{_LABEL}(?:\.{_LABEL})*(?::[0-9]+)?|{_COMPONENT_WITHOUT_DOT})/(?:{_COMPONENT.pattern}/)*)?"
    rf"{_COMPONENT.pattern}(?::{_TAG.pattern})?(?:@(?:{_DIGEST.pattern}))?$"
)


class InvalidReference(ValueError):
    """The text is not a valid reference. `str()` says what to do and never quotes the text."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The full name of an image, by the grammar of distribution/reference.

    host: the registry, maybe with a port, as written; `docker.io` for all names of Docker Hub.
    repository: the path on the registry.
    tag, digest: at least one of them is set.
    """

    host: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Parse a name as `docker pull` does. Raises InvalidReference."""
        _check_length(text)
        if _ID.fullmatch(text):
            raise InvalidReference(_("This is the ID of an image. Enter the image's name."))
        name, at, digest = text.partition("@")
        if at and not _DIGEST.fullmatch(digest):
            raise InvalidReference(
                _("Enter a digest after the @: sha256: and 64 lower-case hexadecimal digits.")
            )
        host, path = _split_host(name)
        path, colon, tag = path.partition(":")
        if colon:
            parse_tag(tag)
        if host == HUB and "/" not in path:
            path = f"library/{path}"
        _check_path(path)
        return cls(host, path, tag or (None if at else "latest"), digest or None)

    @classmethod
    def from_pasted(cls, text: str) -> "Reference":
        """Parse a pasted name, which may start with https://, oci:// or docker://.

        Raises InvalidReference.
        """
        name = without_scheme(text)
        if name != text and "/" not in name and not text.lower().startswith("docker:"):
            raise InvalidReference(_("This is the host of a registry. Enter an image on it."))
        return cls.parse(name)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"

    @property
    def match_host(self) -> str:
        """The host in lower case, to compare it with the hosts of rows."""
        return self.host.lower()

    @property
    def place(self) -> str:
        """The image without tag and digest, its host in lower case."""
        return f"{self.match_host}/{self.repository}" if self.repository else self.match_host

    @property
    def version(self) -> str:
        """The digest if there is one, or else the tag: what is requested from the registry."""
        return self.digest or self.tag or "latest"


def without_scheme(text: str) -> str:
    """Return a pasted name without http://, https://, oci:// or docker:// and a trailing slash.

    All schemes but docker:// must be followed by a host, as for skopeo and Helm, so that the name
    is not taken for one of Docker Hub. Raises InvalidReference.
    """
    if _PAGE.fullmatch(text):
        raise InvalidReference(
            _("This is the address of a web page. Enter the image's name, such as acme/app.")
        )
    match = _SCHEME.match(text)
    if match is None:
        return text
    name = text[match.end() :].removesuffix("/")
    host, _slash, path = name.partition("/")
    if match["scheme"].lower() != "docker" and not _is_host(host):
        raise InvalidReference(_("Start with the registry's host, such as ghcr.io/acme."))
    # In docker's config.json, the names of registries may end in the version of the API.
    return host if path in {"v1", "v2"} else name


def prefixes(reference: Reference) -> list[str]:
    """Return every prefix of an image, the shortest first, with and without a default port."""
    host = reference.match_host
    hosts = dict.fromkeys((host, host.removesuffix(":443").removesuffix(":80")))
    parts = reference.repository.split("/")
    return ["/".join((name, *parts[:n])) for n in range(len(parts) + 1) for name in hosts]


def parse_prefix(text: str) -> str:
    """Parse a prefix of image names: a host, maybe with path components.

    The host becomes lower case, and Docker Hub's other names become docker.io. Port 443 and a
    trailing slash are dropped. Raises InvalidReference.
    """
    text = text.strip()
    _check_length(text)
    if "://" in text:
        raise InvalidReference(_("Remove http:// or https://, and start with the host."))
    if "@" in text:
        raise InvalidReference(_("Remove the digest. A prefix is for many images."))
    host, slash, path = text.removesuffix("/").partition("/")
    host = host.lower()
    if not _is_host(host):
        raise InvalidReference(_("Start with the registry's host, such as ghcr.io/acme."))
    host = _normalized_host(host).removesuffix(":443")
    if not slash:
        return host
    if ":" in path:
        raise InvalidReference(_("Remove the tag. A prefix is for many images."))
    _check_path(path)
    return f"{host}/{path}"


def parse_repository(text: str) -> str:
    """Validate the path of a repository, without host and tag. Raises InvalidReference."""
    _check_length(text)
    if "://" in text:
        raise InvalidReference(
            _("Remove the scheme and the host. Enter only the path on the registry.")
        )
    _check_path(text)
    return text


def parse_version(text: str) -> str:
    """Validate a tag or a digest. Raises InvalidReference."""
    _check_length(text)
    if not (_TAG.fullmatch(text) or _DIGEST.fullmatch(text)):
        raise InvalidReference(
            _("Enter a tag or a digest. A digest is sha256: and 64 lower-case hexadecimal digits.")
        )
    return text


def parse_tag(text: str) -> str:
    """Validate a tag. Raises InvalidReference."""
    if not _TAG.fullmatch(text):
        raise InvalidReference(
            _("Enter a tag of 1 to 128 letters, digits, dots, hyphens and underscores.")
        )
    return text


def parse_platform(text: str) -> str:
    """Validate a platform: system, architecture and maybe a variant. Raises InvalidReference."""
    if not _PLATFORM.fullmatch(text):
        raise InvalidReference(_("Enter a platform, such as linux/amd64 or linux/arm/v7."))
    return text


def _check_length(text: str) -> None:
    if not text:
        raise InvalidReference(_("Enter the image's name."))
    if len(text) > _MAX_LENGTH:
        raise InvalidReference(_("This is too long for an image name. Shorten it."))


def _split_host(name: str) -> tuple[str, str]:
    """Return the host at the start of a name, or Docker Hub, and the rest."""
    first, slash, rest = name.partition("/")
    if not slash or not _is_host(first):
        return HUB, name
    return _normalized_host(first), rest


def _is_host(first: str) -> bool:
    return first == "localhost" or "." in first or ":" in first or first != first.lower()


def _normalized_host(host: str) -> str:
    match = _HOST.fullmatch(host) if len(host) <= _MAX_HOST else None
    if match is None or not _is_ipv6(match["ipv6"]):
        raise InvalidReference(_("Start with a valid host, such as ghcr.io."))
    return HUB if host.lower().removesuffix(":443") in _HUB_NAMES else host


def _is_ipv6(literal: str | None) -> bool:
    try:
        return literal is None or bool(IPv6Address(literal).compressed)
    except AddressValueError:
        return False


def _check_path(path: str) -> None:
    if len(path) > MAX_PATH:
        raise InvalidReference(_("A repository's path has at most 255 characters."))
    if not all(map(_COMPONENT.fullmatch, path.split("/"))):
        raise InvalidReference(
            _(
                "Enter a repository path in lower case: letters and digits, separated by"
                " single slashes, dots, hyphens or underscores."
            )
        )
