"""What the fakes serve: three repositories, for everybody, for the account, for neither."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
SCHEMA1_BARE = "application/vnd.docker.distribution.manifest.v1+json"
ALL_TYPES = frozenset({MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_LIST, SCHEMA1, SCHEMA1_BARE})

PUBLIC, PRIVATE, DENIED, ABSENT = "acme/public", "acme/private", "acme/denied", "acme/absent"


@dataclass(frozen=True)
class Stored:
    """A manifest as a registry keeps it."""

    media_type: str
    body: bytes

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.body).hexdigest()}"


@dataclass(frozen=True)
class Repository:
    """Manifests by tag, and who may read them: `everybody`, `account` or `nobody`."""

    tags: Mapping[str, Stored]
    readers: str = "everybody"

    def find(self, reference: str) -> Stored | None:
        by_digest = {stored.digest: stored for stored in self.tags.values()}
        return self.tags.get(reference) or by_digest.get(reference)


def image(name: str, media_type: str = MANIFEST) -> Stored:
    """The manifest of one platform; `name` makes it different from others."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2}
    config["digest"] = f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
    body = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": []}
    # Indented: a digest is over the raw bytes, not over the document.
    return Stored(media_type, json.dumps(body, indent=3).encode())


def index(media_type: str = INDEX) -> Stored:
    """Two platforms and an attestation."""
    platforms = [
        {"os": "linux", "architecture": "amd64"},
        {"os": "linux", "architecture": "arm64", "variant": "v8"},
        {"os": "unknown", "architecture": "unknown"},
    ]
    entries = [
        {"mediaType": MANIFEST, "size": 1, "digest": image(str(place)).digest, "platform": place}
        for place in platforms
    ]
    body = {"schemaVersion": 2, "mediaType": media_type, "manifests": entries}
    return Stored(media_type, json.dumps(body, indent=3).encode())


def repository(readers: str = "everybody") -> Repository:
    """Seven tags in no order; `latest` is an index."""
    names = ("v2", "v10", "v1", "edge", "latest", "beta", "1.0")
    tags = {name: index() if name == "latest" else image(readers + name) for name in names}
    return Repository(tags, readers)


def images() -> dict[str, Repository]:
    return {
        PUBLIC: repository("everybody"),
        PRIVATE: repository("account"),
        DENIED: repository("nobody"),
    }
