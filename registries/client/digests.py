"""The manifests that tags and digests stand for.

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

# Refusals of HEAD after which GET is tried once, as go-containerregistry advises for any of them.
# Registries, proxies and firewalls that know no HEAD say so in all these ways (404:
# nicholas-fedor/watchtower#667, 403: containerd/containerd#6684), and storage whose signed
# addresses are good for GET alone says 403. HEAD has no words either, so that a missing repository
# cannot be told from a missing tag. 429 asks for a pause, and gets it. Where what GET reads is
# counted as a pull (Docker Hub), none is tried again.
HEAD_REFUSALS = frozenset(range(400, 600)) - {429}
HEAD_LIMIT = 64 * 1024
MANIFEST_LIMIT = 4 * 1024 * 1024
# Of requests for manifests, which may lie in object storage.
REDIRECTS = 5
# Of indexes inside an index: how deep they are looked into, and how many are read.
MAX_DEPTH = 3
MAX_INDEXES = 8


def digest(session: Session, repository: str, reference: str) -> str:
    """The digest that a tag or digest stands for, an index's own. Raises ClientError."""
    return _find(session, repository, reference).digest


def manifest(
    session: Session, repository: str, reference: str, platform: str | None = None
) -> Manifest:
    """Digest and media type and, for an index, its platforms. Raises ClientError.

    platform: of an index, the manifest for this platform alone, NotFound where it has none. What is
    no index names no platform, and is answered as it is.
    """
    wanted = None if platform is None else checked(parse_platform, platform)
    found = _find(session, repository, reference)
    if found.body is None:
        if found.media_type in manifests.SINGLE:
            return Manifest(found.digest, found.media_type)
        found = _read(session, repository, found.digest)
    whole = _described(session, found)
    if wanted is None or not whole.is_index:
        return whole
    return _of_platform(session, repository, whole, wanted)


def _of_platform(session: Session, repository: str, index: Manifest, platform: str) -> Manifest:
    """The manifest for a platform in an index, or in the indexes inside it. Raises ClientError.

    A build with attestations is an index of its own, and may stand in another one, where several
    builds were put together (https://github.com/CodesWhat/drydock/issues/814).
    """
    inside: deque[tuple[str, int]] = deque()
    read = depth = 0
    while True:
        named = [one for one in index.platforms if one.is_named(platform)]
        for one in named:
            if not one.is_index:
                return Manifest(one.digest, one.media_type, (one,))
        inside.extend((one.digest, depth + 1) for one in named)
        inside.extend((digest, depth + 1) for digest in index.indexes)
        if not inside:
            raise NotFound("platform_not_found")
        digest, depth = inside.popleft()
        read += 1
        if depth > MAX_DEPTH or read > MAX_INDEXES:
            raise Unreachable("too_large", host=session.host)
        index = _described(session, _read(session, repository, digest))


def _described(session: Session, found: "_Found") -> Manifest:
    described = manifests.describe(found.digest, found.media_type, found.body or b"")
    if described is None:
        raise Unreachable("bad_answer", host=session.host)
    return described


@dataclass(frozen=True, slots=True)
class _Found:
    """A manifest that is there; its body only where it had to be read."""

    digest: str
    media_type: str
    body: bytes | None = None


def _find(session: Session, repository: str, reference: str) -> _Found:
    """Ask with HEAD, which is not counted as a pull, and read where that says too little."""
    path, version = checked(parse_repository, repository), checked(parse_version, reference)
    head = _ask(session, "HEAD", path, version)
    if head.status == 200:
        named = head.headers.get("Docker-Content-Digest", "")
        if not manifests.is_digest(named):
            return _read(session, path, version)
        if manifests.is_digest(version) and named != version:
            raise Unreachable("bad_answer", host=session.host)
        return _Found(named, manifests.media_type(head.headers["Content-Type"]))
    if session.counts_pulls:
        # Nor is a pull spent on finding out why: what HEAD says stands.
        if head.status == 404:
            raise NotFound("tag_not_found")
    elif head.status in HEAD_REFUSALS:
        return _read(session, path, version, renew=head.status != 401)
    raise responses.image_refusal(head, session.host)


def _read(session: Session, path: str, version: str, *, renew: bool = True) -> _Found:
    """A manifest itself; its digest is that of its raw bytes."""
    response = _ask(session, "GET", path, version, renew=renew)
    if response.status != 200:
        raise responses.image_refusal(response, session.host)
    media_type = manifests.media_type(response.headers["Content-Type"])
    named = response.headers.get("Docker-Content-Digest", "")
    wanted = version if manifests.is_digest(version) else named
    # The digest of schema 1 is not over the body, which holds the signatures as well.
    signed = media_type in manifests.SCHEMA1
    found = named if signed else manifests.digest_of(response.body, wanted)
    told = found == wanted or not manifests.is_digest(wanted)
    if not (told and manifests.is_digest(found) and manifests.is_manifest(response.body)):
        raise Unreachable("bad_answer", host=session.host)
    return _Found(found, media_type, response.body)


def _ask(session: Session, method: str, path: str, version: str, *, renew: bool = True) -> Response:
    url = f"{session.auth.base}/v2/{path}/manifests/{version}"
    limit = HEAD_LIMIT if method == "HEAD" else MANIFEST_LIMIT
    return session.request(method, url, path, limit=limit, redirects=REDIRECTS, renew=renew)


def checked(parse: Callable[[str], str], text: str) -> str:
    """A part of an image's name by the grammar, which makes it safe in a path."""
    try:
        return parse(text)
    except InvalidReference:
        pass
    raise Misconfigured("invalid_reference")
