"""Manifests: their media types, their digests, and the platforms of an index.

Source: the OCI image and distribution specifications.
"""

import hashlib
import re
from dataclasses import dataclass

from registries.client.responses import parsed

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
# A registry may convert a manifest whose type is not accepted, which changes its digest.
ACCEPT = ", ".join(INDEXES + SINGLE)
MAX_ENTRIES = 1000

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}", re.ASCII)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", re.ASCII)


# Names of architectures in uname, Debian and build tools, with Go's name, and the default variants.
# Source: containerd's platforms package, database.go.
_ARCHITECTURES = {
    "aarch64": "arm64",
    "armel": "arm/v6",
    "armhf": "arm/v7",
    "i386": "386",
    "x86-64": "amd64",
    "x86_64": "amd64",
}
_VARIANTS = {"amd64": "v1", "arm": "v7", "arm64": "v8"}
# Artifact types of images.
_IMAGE_ARTIFACTS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)


@dataclass(frozen=True, slots=True)
class Platform:
    """One manifest of an index: its platform in Go's names, its digest and media type."""

    os: str
    architecture: str
    variant: str
    digest: str
    media_type: str

    @property
    def is_index(self) -> bool:
        """Whether this is an index with the platform's manifest and its attestations."""
        return self.media_type in INDEXES

    def matches(self, platform: str) -> bool:
        """Return whether this is `platform`, such as `linux/arm64` or `linux/arm/v7`."""
        own = "/".join(filter(None, (self.os, self.architecture, self.variant)))
        return _normalized(platform) == _normalized(own)


def _normalized(platform: str) -> tuple[str, str, str]:
    """Return system, architecture and variant in Go's names, with the default variant if none."""
    system, name, *variants = platform.lower().split("/")
    architecture, _, default_variant = _ARCHITECTURES.get(name, name).partition("/")
    variant = variants[0] if variants else default_variant or _VARIANTS.get(architecture, "")
    return system, architecture, f"v{variant}" if variant.isdigit() else variant


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest: its digest, media type and, for an index, its platforms.

    indexes: the digests of the nested indexes that do not name a platform.
    """

    digest: str
    media_type: str
    platforms: tuple[Platform, ...] = ()
    indexes: tuple[str, ...] = ()

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEXES


def is_digest(text: str) -> bool:
    """Return whether `text` is a valid digest of an algorithm that registries use."""
    return _DIGEST.fullmatch(text) is not None


def digest_of(body: bytes, reference: str) -> str:
    """Return the digest of raw bytes, with the algorithm of `reference` if that is a digest."""
    algorithm = reference.partition(":")[0] if is_digest(reference) else "sha256"
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def media_type(header: str | None) -> str:
    """Return the media type in a Content-Type header without parameters, "" if there is none."""
    value = (header or "").partition(";")[0].strip().lower()
    return value if _MEDIA_TYPE.fullmatch(value) else ""


def is_manifest(body: bytes) -> bool:
    """Return whether a body can be a manifest, and is not the page of a web site."""
    with parsed(body) as manifest:
        return manifest is not None and "schemaVersion" in manifest


def describe(digest: str, served: str, body: bytes) -> Manifest | None:
    """Return the manifest in a body that was served as media type `served`, or None.

    If `served` is not the media type of a manifest, the optional one in the body counts, and at
    last the structure. Attestations, whose platform is `unknown/unknown`, are left out.
    """
    with parsed(body) as document:
        if document is None:
            return None
        media_type = _media_type_of(served, document)
        if media_type not in INDEXES:
            return Manifest(digest, media_type)
        entries = document.get("manifests", "")
        if entries is None:
            entries = []  # an empty list, as Go writes it
        if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
            return None
        # If an image and another artifact have the same platform, the image comes first.
        ordered = sorted(entries, key=_is_no_image)
        platforms = tuple(
            platform for entry in ordered if (platform := _platform(entry)) is not None
        )
        indexes = tuple(inner for entry in entries if (inner := _index(entry)) is not None)
        return Manifest(digest, media_type, platforms, indexes)


def _media_type_of(served: str, document: dict[str, object]) -> str:
    manifest_types = INDEXES + SINGLE
    declared = _declared_media_type(document)
    if served in manifest_types or declared in manifest_types:
        return served if served in manifest_types else declared
    if isinstance(document.get("manifests"), list):
        return INDEXES[0]
    return SINGLE[0] if isinstance(document.get("config"), dict) else declared or served


def _declared_media_type(document: dict[str, object]) -> str:
    value = document.get("mediaType")
    return media_type(value) if isinstance(value, str) else ""


def _index(entry: object) -> str | None:
    """Return the digest of an entry that is an index without a platform, or None."""
    if not isinstance(entry, dict) or entry.get("platform"):
        return None
    digest = entry.get("digest")
    is_index = (
        _declared_media_type(entry) in INDEXES and isinstance(digest, str) and is_digest(digest)
    )
    return digest if is_index else None


def _is_attestation(entry: dict[str, object]) -> bool:
    """Return whether BuildKit marked an entry as attestation, whatever its platform is."""
    annotations = entry.get("annotations")
    return isinstance(annotations, dict) and "vnd.docker.reference.type" in annotations


def _is_no_image(entry: object) -> bool:
    """Return whether an entry is another artifact than an image: a SOCI index, Nydus layers."""
    if not isinstance(entry, dict):
        return False
    kind, artifact = _declared_media_type(entry), entry.get("artifactType")
    return bool(kind and kind not in INDEXES + SINGLE) or bool(
        artifact and artifact not in _IMAGE_ARTIFACTS
    )


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
    if system == "unknown" or _is_attestation(entry):
        return None
    return Platform(system, architecture, variant, digest, _declared_media_type(entry))
