"""Manifests: what to ask for, their digests, and the platforms of an index.

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
# All of them: a registry that misses one converts the manifest, and names another digest.
ACCEPT = ", ".join(INDEXES + SINGLE)
MAX_ENTRIES = 1000

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}", re.ASCII)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", re.ASCII)


# Other names of Go's architectures, as uname, Debian and builders have them, and which variant of
# each is meant by none. Source: containerd's platforms package, database.go.
_ARCHITECTURES = {
    "aarch64": "arm64",
    "armel": "arm/v6",
    "armhf": "arm/v7",
    "i386": "386",
    "x86-64": "amd64",
    "x86_64": "amd64",
}
_VARIANTS = {"amd64": "v1", "arm": "v7", "arm64": "v8"}
# Artifact types that say of an entry that it is an image.
_IMAGES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)


@dataclass(frozen=True, slots=True)
class Platform:
    """One manifest of an index: what it runs on, in Go's names, its digest and media type."""

    os: str
    architecture: str
    variant: str
    digest: str
    media_type: str

    @property
    def is_index(self) -> bool:
        """Whether the platform's manifest stands in an index of its own, with attestations."""
        return self.media_type in INDEXES

    def is_named(self, platform: str) -> bool:
        """Whether this is `platform`, such as `linux/arm64` or `linux/arm/v7`."""
        own = "/".join(filter(None, (self.os, self.architecture, self.variant)))
        return _normal(platform) == _normal(own)


def _normal(platform: str) -> tuple[str, str, str]:
    """System, architecture and variant of a platform in Go's names, a variant always named."""
    system, named, *given = platform.lower().split("/")
    architecture, _, usual = _ARCHITECTURES.get(named, named).partition("/")
    variant = given[0] if given else usual or _VARIANTS.get(architecture, "")
    return system, architecture, f"v{variant}" if variant.isdigit() else variant


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a tag stands for: its digest, media type and, for an index, its platforms.

    indexes: the digests of those entries of an index that are indexes and name no platform.
    """

    digest: str
    media_type: str
    platforms: tuple[Platform, ...] = ()
    indexes: tuple[str, ...] = ()

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEXES


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
    with parsed(body) as found:
        return found is not None and "schemaVersion" in found


def describe(digest: str, served: str, body: bytes) -> Manifest | None:
    """The manifest in a body that was served as media type `served`; None where there is none.

    What it is, that media type says; where it is none of a manifest, the one inside, which is
    optional; and at last its shape. Attestations, whose platform is `unknown/unknown`, are no
    platforms.
    """
    with parsed(body) as found:
        if found is None:
            return None
        media_type = _kind(served, found)
        if media_type not in INDEXES:
            return Manifest(digest, media_type)
        entries = found.get("manifests", "")
        if entries is None:
            entries = []  # an empty list, as Go writes it
        if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
            return None
        # Where an image and another thing name one platform, the image comes first.
        ordered = sorted(entries, key=_is_other)
        platforms = tuple(one for entry in ordered if (one := _platform(entry)) is not None)
        indexes = tuple(inner for entry in entries if (inner := _index(entry)) is not None)
        return Manifest(digest, media_type, platforms, indexes)


def _kind(served: str, found: dict[str, object]) -> str:
    known = INDEXES + SINGLE
    inside = _named_media_type(found)
    if served in known or inside in known:
        return served if served in known else inside
    if isinstance(found.get("manifests"), list):
        return INDEXES[0]
    return SINGLE[0] if isinstance(found.get("config"), dict) else inside or served


def _named_media_type(found: dict[str, object]) -> str:
    named = found.get("mediaType")
    return media_type(named) if isinstance(named, str) else ""


def _index(entry: object) -> str | None:
    """The digest of an entry that is an index and names no platform."""
    if not isinstance(entry, dict) or entry.get("platform"):
        return None
    digest = entry.get("digest")
    is_one = _named_media_type(entry) in INDEXES and isinstance(digest, str) and is_digest(digest)
    return digest if is_one else None


def _is_attestation(entry: dict[str, object]) -> bool:
    """Whether BuildKit says so of an entry, whatever platform it names."""
    annotations = entry.get("annotations")
    return isinstance(annotations, dict) and "vnd.docker.reference.type" in annotations


def _is_other(entry: object) -> bool:
    """Whether an entry is something beside its platform's image: SOCI's index, Nydus's layers."""
    if not isinstance(entry, dict):
        return False
    kind, artifact = _named_media_type(entry), entry.get("artifactType")
    return bool(kind and kind not in INDEXES + SINGLE) or bool(artifact and artifact not in _IMAGES)


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
    return Platform(system, architecture, variant, digest, _named_media_type(entry))
