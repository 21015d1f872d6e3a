"""Manifests: what to ask for, their digests, and the platforms of an index.

Source: the OCI image and distribution specifications.
"""

import hashlib
import re
from dataclasses import dataclass

from registries.client.answers import document

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
SCHEMA1 = (
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
)
SINGLE = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    *SCHEMA1,
)
# All of them: a registry that misses one converts the manifest, and names another digest.
ACCEPT = ", ".join(INDEXES + SINGLE)
MAX_PLATFORMS = 1000

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}", re.ASCII)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Platform:
    """One manifest of an index: what it runs on, in Go's names, its digest and media type."""

    os: str
    architecture: str
    variant: str
    digest: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a tag stands for: its digest, media type and, for an index, its platforms."""

    digest: str
    media_type: str
    platforms: tuple[Platform, ...]


def is_digest(text: str) -> bool:
    """Whether `text` is a digest by the grammar, of an algorithm that registries use."""
    return _DIGEST.fullmatch(text) is not None


def digest_of(body: bytes, reference: str) -> str:
    """The digest of a manifest's raw bytes, by the algorithm of `reference` where it is one."""
    algorithm = reference.partition(":")[0] if is_digest(reference) else "sha256"
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def media_type(header: str | None) -> str:
    """The media type in a Content-Type header, without parameters; "" where there is none."""
    found = (header or "").partition(";")[0].strip().lower()
    return found if _MEDIA_TYPE.fullmatch(found) else ""


def is_manifest(body: bytes) -> bool:
    """Whether a body can be a manifest of any kind, and is no page of a web site."""
    return "schemaVersion" in (document(body) or {})


def inner_media_type(body: bytes) -> str:
    """The media type that a manifest names in itself; "" where it does not."""
    return _named_media_type(document(body) or {})


def _named_media_type(found: dict[str, object]) -> str:
    named = found.get("mediaType")
    return media_type(named) if isinstance(named, str) else ""


def platforms(body: bytes) -> tuple[Platform, ...] | None:
    """The platforms of an index; None where it is none that can be read.

    Attestations, whose platform is `unknown/unknown`, are no platforms.
    """
    listed = (document(body) or {}).get("manifests")
    if not isinstance(listed, list) or len(listed) > MAX_PLATFORMS:
        return None
    return tuple(found for entry in listed if (found := _platform(entry)) is not None)


def _platform(entry: object) -> Platform | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("platform"), dict):
        return None
    system, architecture, variant = (
        value if isinstance(value, str) and _NAME.fullmatch(value) else ""
        for value in map(entry["platform"].get, ("os", "architecture", "variant"))
    )
    digest = entry.get("digest")
    if not (isinstance(digest, str) and is_digest(digest) and system and architecture):
        return None
    if system == "unknown":
        return None
    return Platform(system, architecture, variant, digest, _named_media_type(entry))
