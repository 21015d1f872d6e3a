"""A registry behind Basic authentication whose repositories answer as their names say."""

import hashlib
import json
import threading

from tests.fakes.server import FakeServer, Reply, Request

LOGIN, PASSWORD = "johndoe", "fake-password"
OCI = "application/vnd.oci.image."
PLATFORMS = [
    {"os": "linux", "architecture": "amd64", "variant": None, "digest": "sha256:" + "a" * 64},
    {"os": "linux", "architecture": "arm", "variant": "v7", "digest": "sha256:" + "b" * 64},
]


def index(platforms: list[tuple[str, str, str, str]]) -> bytes:
    """An index of these (os, architecture, variant, digest); "" is no variant."""
    manifests = [
        {
            "mediaType": f"{OCI}manifest.v1+json",
            "digest": digest,
            "platform": {"os": system, "architecture": architecture}
            | ({"variant": variant} if variant else {}),
        }
        for system, architecture, variant, digest in platforms
    ]
    media_type = f"{OCI}index.v1+json"
    return json.dumps(
        {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
    ).encode()


INDEX = index(
    [
        (
            platform["os"] or "",
            platform["architecture"] or "",
            platform["variant"] or "",
            platform["digest"] or "",
        )
        for platform in PLATFORMS
    ]
)
TAGS = ["latest", "one"]
SINGLE = b'{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}'
MANIFESTS = {"latest": (f"{OCI}index.v1+json", INDEX), "one": (f"{OCI}manifest.v1+json", SINGLE)}


def digest_of(tag: str) -> str:
    return "sha256:" + hashlib.sha256(MANIFESTS[tag][1]).hexdigest()


class Registry(FakeServer):
    """`acme/app` is there; `acme/<fault>` fails in its own way; nothing else exists."""

    def __init__(self) -> None:
        super().__init__(self.reply)
        # The slow repository answers once this is set.
        self.released = threading.Event()

    def reply(self, request: Request) -> Reply:
        if request.basic != (LOGIN, PASSWORD):
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="fake"'})
        repository, _, rest = request.path.removeprefix("/v2/acme/").partition("/")
        if repository == "slow":
            self.released.wait(60)
        if fault := FAULTS.get(repository):
            return fault
        if repository == "app" and rest == "tags/list":
            return Reply(200, json.dumps({"name": "acme/app", "tags": TAGS}).encode())
        if repository == "app" and (tag := rest.removeprefix("manifests/")) in MANIFESTS:
            media_type, body = MANIFESTS[tag]
            return manifest(media_type, body)
        for tag in MANIFESTS if repository == "app" else ():
            if rest.endswith(digest_of(tag)):
                return manifest(*MANIFESTS[tag])
        code = b"MANIFEST_UNKNOWN" if repository == "app" else b"NAME_UNKNOWN"
        return Reply(404, b'{"errors": [{"code": "%b"}]}' % code)


FAULTS = {
    "denied": Reply(403),
    "broken": Reply(503),
    "busy": Reply(429, headers={"Retry-After": "30"}),
    "busy-untold": Reply(429),
    "garbage": Reply(200, b"<html>"),
}


def manifest(media_type: str, body: bytes) -> Reply:
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    return Reply(200, body, {"Content-Type": media_type, "Docker-Content-Digest": digest})
