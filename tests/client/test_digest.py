"""Digests and manifests: of tags, of indexes, from registries that say too little or lie."""

import hashlib
from dataclasses import replace

import pytest

from registries.client.errors import ImageDenied, Unreachable
from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from tests.client.calls import call_client, digest, serving
from tests.client.conftest import Serve
from tests.fakes.family import answer, problem
from tests.fakes.images import DENIED, PRIVATE, SCHEMA1, Stored, image
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import TokenRegistry
from tests.fakes.server import FakeServer, Handler, Reply, Request
from tests.fakes.world import World

IMAGE = image("an image")
OTHER = "sha256:" + "0" * 64


def test_the_header_is_enough() -> None:
    assert digest(serving(IMAGE)) == (IMAGE.digest, ["HEAD"])


def test_errors_name_the_host_with_its_port() -> None:
    with FakeServer(lambda request: answer({}) if request.path == "/v2/" else Reply()) as server:
        client = World({}, Ledger()).client(Endpoint(url=server.origin), Anonymous())
        with pytest.raises(Unreachable) as caught:
            client.digest("acme/app", "latest")
    assert caught.value.params == {"host": f"127.0.0.1:{server.port}"}
    assert str(caught.value).startswith(f"127.0.0.1:{server.port} sent ")


@pytest.mark.parametrize(
    "named",
    [
        None,
        "",
        "sha256:" + "A" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 64 + "0",
        "md5:" + "a" * 32,
        "sha256:../../etc/passwd",
        "<script>",
        "a" * 64,
    ],
)
def test_without_a_digest_that_is_one_the_bytes_decide(named: str | None) -> None:
    """#42: a digest is what the grammar says, and nothing else is passed on."""

    def respond(request: Request) -> Reply:
        stored = serving(IMAGE, named=named if request.method == "HEAD" else None)
        return stored(request)

    assert digest(respond) == (IMAGE.digest, ["HEAD", "GET"])


def test_a_signed_schema_1_manifest_has_the_headers_digest() -> None:
    """Its digest is not over the body, which holds the signatures as well."""
    signed = Stored(f"{SCHEMA1}; charset=utf-8", b'{"schemaVersion": 1, "signatures": []}')
    assert digest(serving(signed, named=OTHER, head=405)) == (OTHER, ["HEAD", "GET"])
    assert digest(serving(signed, named=None))[0] == "bad_answer"
    assert digest(serving(signed, named=OTHER, head=405), OTHER)[0] == OTHER
    assert digest(serving(signed, named=IMAGE.digest, head=405), OTHER)[0] == "bad_answer"


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_digest_asked_for_by_digest(algorithm: str) -> None:
    reference = f"{algorithm}:{hashlib.new(algorithm, IMAGE.body).hexdigest()}"
    assert digest(serving(IMAGE, named=None), reference)[0] == reference
    assert digest(serving(IMAGE, named=reference), reference) == (reference, ["HEAD"])


@pytest.mark.parametrize("head", [200, 405])
def test_another_digest_than_the_one_asked_for_is_refused(head: int) -> None:
    assert digest(serving(IMAGE, head=head), OTHER)[0] == "bad_answer"


def test_bytes_that_are_not_those_of_the_header_are_refused() -> None:
    assert digest(serving(IMAGE, named=OTHER, head=405))[0] == "bad_answer"


@pytest.mark.parametrize(
    "body", [b"", b"<html>Sign in</html>", b"{}", b"[]", b'"schemaVersion"', b'{"a": 1}']
)
def test_what_is_no_manifest_has_no_digest(body: bytes) -> None:
    """A web page with status 200 is not an image."""
    assert digest(serving(Stored("text/html", body), named=None))[0] == "bad_answer"


def test_what_is_missing_where_a_get_is_counted() -> None:
    missing = problem(404, "MANIFEST_UNKNOWN")
    assert digest(lambda request: missing, counts_pulls=True) == ("tag_not_found", ["HEAD"])


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(429), "rate_limited"),
        (Reply(418), "bad_answer"),
        (Reply(204), "bad_answer"),
        (Reply(410), "repository_not_found"),
        (problem(410, "MANIFEST_UNKNOWN"), "tag_not_found"),
        (problem(404, "MANIFEST_UNKNOWN"), "tag_not_found"),
        (problem(404, "TAG_EXPIRED"), "tag_not_found"),
        (problem(404, "NAME_UNKNOWN"), "repository_not_found"),
        (problem(404, "NOT_FOUND"), "repository_not_found"),
        (problem(404, "NOT_FOUND", message="artifact acme/app:1 not found"), "tag_not_found"),
        (problem(404, "NOT_FOUND", message="repository x not found"), "repository_not_found"),
        (Reply(404, b"not JSON"), "repository_not_found"),
        # Harbor, of an image with known flaws; Docker Hub, of one that was taken away.
        (problem(412, "PROJECTPOLICYVIOLATION"), "no_access_to_image"),
        (problem(451, "DENIED"), "no_access_to_image"),
        (Reply(403), "no_access_to_image"),
        (Reply(500), "server_error"),
    ],
)
def test_what_a_refusal_means(reply: Reply, code: str) -> None:
    """HEAD has no words, so GET is tried after any refusal of it; it was after some alone."""
    tried = ["HEAD"] if reply.status in {429, 204} else ["HEAD", "GET"]
    assert digest(lambda request: reply) == (code, tried)


def test_get_is_tried_once_where_head_is_refused() -> None:
    """What HEAD says of itself is not what the registry says of the image.

    Docker Hub counts what GET reads as a pull, so there it is not tried.
    """
    for status in (400, 403, 404, 405, 406, 410, 411, 415, 426, 500, 501, 502, 503, 504):
        respond = serving(IMAGE, head=status)
        assert digest(respond) == (IMAGE.digest, ["HEAD", "GET"]), status
        assert digest(respond, counts_pulls=True)[1] == ["HEAD"], status


class NoHead(TokenRegistry):
    """A registry, or a firewall before it, that answers HEAD with 401 whatever the token is."""

    def manifest(self, request: Request, stored: Stored) -> Reply:
        if request.method == "HEAD":
            return problem(401, "UNAUTHORIZED", {"WWW-Authenticate": self.challenge(PRIVATE)})
        return super().manifest(request, stored)


def test_get_is_tried_once_where_head_is_refused_with_a_good_token(serve: Serve) -> None:
    family, world = serve(NoHead)
    assert world.account(family).digest(PRIVATE, "v1") == family.images[PRIVATE].tags["v1"].digest
    assert world.account(family).digest(PRIVATE, "v1") == family.images[PRIVATE].tags["v1"].digest
    with pytest.raises(ImageDenied):
        world.account(family).digest(DENIED, "v1")
    with pytest.raises(ImageDenied):
        world.account(family, counts_pulls=True).digest(PRIVATE, "v1")


@pytest.mark.parametrize("refused", [405, 403, 404, 501])
def test_a_token_that_head_did_not_try_is_renewed(serve: Serve, refused: int) -> None:
    """A proxy that knows no HEAD refuses it before anybody looks at the token."""

    class Behind(TokenRegistry):
        def registry(self, request: Request) -> Reply:
            return Reply(refused) if request.method == "HEAD" else super().registry(request)

    family, world = serve(Behind)
    for _ in range(2):
        result = world.account(family).digest(PRIVATE, "v1")
        assert result == family.images[PRIVATE].tags["v1"].digest
        family.forget_tokens()


@pytest.mark.parametrize("status", [401, 403, 405])
def test_storage_that_takes_get_alone(serve: Serve, status: int) -> None:
    """#36: a signed address is good for one method; nothing that signs in is sent to it."""
    elsewhere = "https://elsewhere.example.net"

    class Storing(TokenRegistry):
        def manifest(self, request: Request, stored: Stored) -> Reply:
            return Reply(307, b"", {"Location": f"{elsewhere}/{stored.digest}"})

        def servers(self) -> dict[str, Handler]:
            return {**super().servers(), elsewhere: self.storage}

        def storage(self, request: Request) -> Reply:
            self.ledger.see(request, elsewhere)
            stored = self.images[PRIVATE].find(request.path.removeprefix("/"))
            assert stored is not None
            return Reply(status if request.method == "HEAD" else 200, stored.body)

    family, world = serve(Storing)
    digest = world.account(family).digest(PRIVATE, "v1")
    assert digest == family.images[PRIVATE].tags["v1"].digest


@pytest.mark.parametrize(("lines", "result"), [(4, IMAGE.digest), (8, "too_large")])
def test_an_answer_to_head_is_short(lines: int, result: str) -> None:
    """#41: it has no body, so it may not be as long as a manifest."""

    def respond(request: Request) -> Reply:
        reply = serving(IMAGE)(request)
        return replace(reply, headers=[*reply.header_pairs, *[("X-Long", "x" * 60_000)] * lines])

    assert digest(respond) == (result, ["HEAD"])


@pytest.mark.parametrize(
    "name", ["../../admin", "a//b", "A/b", "a/..", "a/%2e%2e", "a?x=1", "", "a\n"]
)
@pytest.mark.parametrize("call", ["tags", "digest", "manifest"])
def test_a_name_that_is_none_is_not_asked_for(name: str, call: str) -> None:
    """#46: the grammar stands before the path."""
    names = (name,) if call == "tags" else (name, "latest")
    result = call_client(serving(IMAGE), lambda client: getattr(client, call)(*names))
    assert result == ("invalid_reference", [])


@pytest.mark.parametrize("name", ["../x", "a/b", "", "a" * 129, "sha256:abc", "a?b", "a\r\nb", "ä"])
def test_a_tag_that_is_none_is_not_asked_for(name: str) -> None:
    """#46: the same for tags and digests."""
    assert digest(serving(IMAGE), name) == ("invalid_reference", [])
