"""The manifests that tags and digests stand for.

Source: the OCI distribution specification, "Pulling manifests".
"""

from collections.abc import Callable
from dataclasses import dataclass

from registries.client import answers, manifests
from registries.client.errors import Misconfigured, NotFound, Unreachable
from registries.client.manifests import Manifest
from registries.client.session import Session
from registries.client.transport import Response
from registries.reference import InvalidReference, parse_repository, parse_version

HEAD_LIMIT = 64 * 1024
MANIFEST_LIMIT = 4 * 1024 * 1024
# Of requests for manifests, which may lie in object storage.
REDIRECTS = 5


def digest(session: Session, repository: str, reference: str) -> str:
    """The digest that a tag or digest stands for, an index's own. Raises ClientError."""
    return _find(session, repository, reference).digest


def manifest(session: Session, repository: str, reference: str) -> Manifest:
    """Digest and media type and, for an index, its platforms. Raises ClientError."""
    found = _find(session, repository, reference)
    media_type, body = found.media_type, found.body
    if body is None and media_type not in manifests.SINGLE:
        body = _read(session, repository, found.digest).body
    if body is not None and media_type not in manifests.INDEXES + manifests.SINGLE:
        media_type = manifests.inner_media_type(body) or media_type
    if body is None or media_type not in manifests.INDEXES:
        return Manifest(found.digest, media_type, ())
    platforms = manifests.platforms(body)
    if platforms is None:
        raise Unreachable("bad_answer", host=session.host)
    return Manifest(found.digest, media_type, platforms)


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
    named = head.headers.get("Docker-Content-Digest", "")
    match head.status:
        case 200 if manifests.is_digest(named):
            if manifests.is_digest(version) and named != version:
                raise Unreachable("bad_answer", host=session.host)
            return _Found(named, manifests.media_type(head.headers["Content-Type"]))
        case 404 if session.counts_pulls:
            raise NotFound("tag_not_found")
        # Without a body, 404 does not say whether the repository or the tag is missing.
        case 200 | 404 | 405:
            return _read(session, path, version)
    raise answers.image_refusal(head, session.host)


def _read(session: Session, path: str, version: str) -> _Found:
    """A manifest itself; its digest is that of its raw bytes."""
    response = _ask(session, "GET", path, version)
    if response.status != 200:
        raise answers.image_refusal(response, session.host)
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


def _ask(session: Session, method: str, path: str, version: str) -> Response:
    url = f"{session.auth.base}/v2/{path}/manifests/{version}"
    limit = HEAD_LIMIT if method == "HEAD" else MANIFEST_LIMIT
    return session.request(method, url, path, limit=limit, redirects=REDIRECTS)


def checked(parse: Callable[[str], str], text: str) -> str:
    """A part of an image's name by the grammar, which makes it safe in a path."""
    try:
        return parse(text)
    except InvalidReference:
        pass
    raise Misconfigured("invalid_reference")
