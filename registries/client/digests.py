"""Finds the manifest of a tag or digest.

Source: the OCI distribution specification, "Pulling manifests".
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from registries.client import manifests, responses
from registries.client.errors import Misconfigured, NotFound, Unreachable
from registries.client.manifests import Manifest
from registries.client.session import Session
from registries.client.transport import Response
from registries.reference import InvalidReference, parse_platform, parse_repository, parse_version

# After these responses to HEAD, GET is tried once, as go-containerregistry recommends.
# Registries, proxies and firewalls that do not support HEAD use all of them (404:
# nicholas-fedor/watchtower#667, 403: containerd/containerd#6684), and object storage whose signed
# URLs are only valid for GET answers 403. HEAD has no body either, so a missing repository and a
# missing tag look alike. 429 asks for a pause. Where GET counts as a pull (Docker Hub), it is not
# tried.
HEAD_REFUSALS = frozenset(range(400, 600)) - {429}
HEAD_LIMIT = 64 * 1024
MANIFEST_LIMIT = 4 * 1024 * 1024
# The most redirects of a request for a manifest, which may be in object storage.
REDIRECTS = 5
# How deep nested indexes are searched for a platform, and how many of them are read.
MAX_DEPTH = 3
MAX_INDEXES = 8


def digest(session: Session, repository: str, reference: str) -> str:
    """Return the digest of a tag or digest; for an index, the index's own. Raises ClientError."""
    return _resolve(session, repository, reference).digest


def manifest(
    session: Session, repository: str, reference: str, platform: str | None = None
) -> Manifest:
    """Return digest, media type and, for an index, the platforms. Raises ClientError.

    platform: return the manifest of this platform in an index, or raise NotFound. A manifest that
        is not an index has no platform and is returned as it is.
    """
    if platform is not None:
        platform = validated(parse_platform, platform)
    descriptor = _resolve(session, repository, reference)
    if descriptor.body is None:
        if descriptor.media_type in manifests.SINGLE:
            return Manifest(descriptor.digest, descriptor.media_type)
        descriptor = _fetch(session, repository, descriptor.digest)
    resolved = _describe(session, descriptor)
    if platform is None or not resolved.is_index:
        return resolved
    return _platform_manifest(session, repository, resolved, platform)


def _platform_manifest(
    session: Session, repository: str, index: Manifest, platform: str
) -> Manifest:
    """Return the manifest of a platform in an index or in nested ones. Raises ClientError.

    A build with attestations is an index itself. Several of them may be combined in another index
    (https://github.com/CodesWhat/drydock/issues/814).
    """
    queue: deque[tuple[str, int]] = deque()
    requests = depth = 0
    while True:
        matching = [entry for entry in index.platforms if entry.matches(platform)]
        for entry in matching:
            if not entry.is_index:
                return Manifest(entry.digest, entry.media_type, (entry,))
        queue.extend((entry.digest, depth + 1) for entry in matching)
        queue.extend((digest, depth + 1) for digest in index.indexes)
        if not queue:
            raise NotFound("platform_not_found")
        digest, depth = queue.popleft()
        requests += 1
        if depth > MAX_DEPTH or requests > MAX_INDEXES:
            raise Unreachable("too_large", host=session.host)
        index = _describe(session, _fetch(session, repository, digest))


def _describe(session: Session, descriptor: "_Descriptor") -> Manifest:
    body = descriptor.body or b""
    described = manifests.describe(descriptor.digest, descriptor.media_type, body)
    if described is None:
        raise Unreachable("bad_answer", host=session.host)
    return described


@dataclass(frozen=True, slots=True)
class _Descriptor:
    """The digest and media type of a manifest; its body only if it had to be read."""

    digest: str
    media_type: str
    body: bytes | None = None


def _resolve(session: Session, repository: str, reference: str) -> _Descriptor:
    """Find a manifest with HEAD, which is not counted as a pull, or with GET if necessary."""
    path, version = validated(parse_repository, repository), validated(parse_version, reference)
    head = _ask(session, "HEAD", path, version)
    if head.status == 200:
        header_digest = head.headers.get("Docker-Content-Digest", "")
        if not manifests.is_digest(header_digest):
            return _fetch(session, path, version)
        if manifests.is_digest(version) and header_digest != version:
            raise Unreachable("bad_answer", host=session.host)
        return _Descriptor(header_digest, manifests.media_type(head.headers["Content-Type"]))
    if session.counts_pulls:
        # GET would cost a pull just to find out the reason.
        if head.status == 404:
            raise NotFound("tag_not_found")
    elif head.status in HEAD_REFUSALS:
        return _fetch(session, path, version, renew=head.status != 401)
    raise responses.image_refusal(head, session.host)


def _fetch(session: Session, path: str, version: str, *, renew: bool = True) -> _Descriptor:
    """Read a manifest and compute the digest of its raw bytes."""
    response = _ask(session, "GET", path, version, renew=renew)
    if response.status != 200:
        raise responses.image_refusal(response, session.host)
    media_type = manifests.media_type(response.headers["Content-Type"])
    header_digest = response.headers.get("Docker-Content-Digest", "")
    expected = version if manifests.is_digest(version) else header_digest
    # The digest of schema 1 is not over the body, which holds the signatures as well.
    signed = media_type in manifests.SCHEMA1
    computed = header_digest if signed else manifests.digest_of(response.body, expected)
    is_expected = computed == expected or not manifests.is_digest(expected)
    if not (is_expected and manifests.is_digest(computed) and manifests.is_manifest(response.body)):
        raise Unreachable("bad_answer", host=session.host)
    return _Descriptor(computed, media_type, response.body)


def _ask(session: Session, method: str, path: str, version: str, *, renew: bool = True) -> Response:
    url = f"{session.auth.base}/v2/{path}/manifests/{version}"
    limit = HEAD_LIMIT if method == "HEAD" else MANIFEST_LIMIT
    return session.request(method, url, path, limit=limit, redirects=REDIRECTS, renew=renew)


def validated(parse: Callable[[str], str], text: str) -> str:
    """Return a part of an image's name that matches the grammar, so that it is safe in a path."""
    try:
        return parse(text)
    except InvalidReference:
        pass
    raise Misconfigured("invalid_reference")
