"""Pushing to a registry with plain requests: an image, an index, a repository of many tags."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self
from urllib.parse import urljoin

import requests

from tests.real.servers import SECONDS, RealRegistry, session

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
TYPES = {
    DOCKER_MANIFEST: (DOCKER_CONFIG, DOCKER_LAYER),
    OCI_MANIFEST: (OCI_CONFIG, OCI_LAYER),
}
AMD64 = {"os": "linux", "architecture": "amd64"}
ARM64 = {"os": "linux", "architecture": "arm64", "variant": "v8"}


@dataclass(frozen=True)
class Pushed:
    """What a registry holds under a repository and tag.

    platforms: (os, architecture, variant) to digest; empty for a single manifest.
    """

    repository: str
    tag: str
    digest: str
    media_type: str
    platforms: dict[tuple[str, str, str], str] = field(default_factory=dict)


def push_image(
    registry: RealRegistry, repository: str, tag: str, platform: Mapping[str, str] = AMD64
) -> Pushed:
    """Push a Docker image for one platform, which alone decides its digest."""
    with _Pusher(registry, repository) as pusher:
        manifest = pusher.manifest(platform, DOCKER_MANIFEST)
        pusher.put(tag, DOCKER_MANIFEST, manifest)
    return Pushed(repository, tag, digest(manifest), DOCKER_MANIFEST)


def push_index(registry: RealRegistry, repository: str, tag: str) -> Pushed:
    """Push an OCI index of two platforms."""
    entries: list[dict[str, Any]] = []
    platforms = {}
    with _Pusher(registry, repository) as pusher:
        for platform in (AMD64, ARM64):
            manifest = pusher.manifest(platform, OCI_MANIFEST)
            name = digest(manifest)
            pusher.put(name, OCI_MANIFEST, manifest)
            entries.append(_descriptor(OCI_MANIFEST, manifest) | {"platform": platform})
            key = (platform["os"], platform["architecture"], platform.get("variant", ""))
            platforms[key] = name
        index = _encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})
        pusher.put(tag, OCI_INDEX, index)
    return Pushed(repository, tag, digest(index), OCI_INDEX, platforms)


def push_tags(registry: RealRegistry, repository: str, tags: Iterable[str]) -> None:
    """Push one image, and name it by many tags in the registry's storage.

    Thousands of pushes would take seconds (layout: distribution/registry/storage/paths.go).
    """
    pushed = push_image(registry, repository, "latest")
    folder = registry.storage / f"docker/registry/v2/repositories/{repository}/_manifests/tags"
    for tag in tags:
        link = folder / tag / "current" / "link"
        link.parent.mkdir(parents=True)
        link.write_text(pushed.digest)


def digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


def _encode(value: object) -> bytes:
    return json.dumps(value, indent=3).encode()


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "size": len(data), "digest": digest(data)}


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("hello")
        entry.size = len(b"hello\n")
        archive.addfile(entry, io.BytesIO(b"hello\n"))
    return buffer.getvalue()


class _Pusher:
    """Uploads to one repository (distribution/docs/content/spec/api.md)."""

    def __init__(self, registry: RealRegistry, repository: str) -> None:
        self._base = f"{registry.origin}/v2/{repository}"
        self._session = session()
        if authorization := registry.auth.authorization(repository):
            self._session.headers["Authorization"] = authorization

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def manifest(self, platform: Mapping[str, str], media_type: str) -> bytes:
        """Upload a config and one layer; return the manifest that names them."""
        tar = _tar()
        layer = gzip.compress(tar, mtime=0)
        rootfs = {"type": "layers", "diff_ids": [digest(tar)]}
        config = _encode({**platform, "config": {}, "rootfs": rootfs})
        self._blob(config)
        self._blob(layer)
        config_type, layer_type = TYPES[media_type]
        return _encode(
            {
                "schemaVersion": 2,
                "mediaType": media_type,
                "config": _descriptor(config_type, config),
                "layers": [_descriptor(layer_type, layer)],
            }
        )

    def put(self, reference: str, media_type: str, manifest: bytes) -> None:
        """Upload a manifest under a tag or its digest."""
        url = f"{self._base}/manifests/{reference}"
        self._send("PUT", url, data=manifest, headers={"Content-Type": media_type})

    def _blob(self, data: bytes) -> None:
        start = self._send("POST", f"{self._base}/blobs/uploads/")
        target = urljoin(self._base, start.headers["Location"])
        self._send("PUT", target, params={"digest": digest(data)}, data=data)

    def _send(self, method: str, url: str, **parts: Any) -> requests.Response:
        answer = self._session.request(method, url, timeout=SECONDS, **parts)
        answer.raise_for_status()
        return answer
