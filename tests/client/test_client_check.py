"""What a check concludes, beyond what every kind's registry does in test_conformance."""

import pytest

from registries.credentials import Basic
from registries.endpoint import Endpoint
from registries.verdicts import CODES
from tests.client.calls import check, serving, verdict
from tests.client.conftest import Serve
from tests.fakes.family import answer, problem
from tests.fakes.images import ABSENT, DENIED, PRIVATE, PUBLIC, image
from tests.fakes.ledger import Ledger, basic
from tests.fakes.selfhosted import BasicRegistry, TokenRegistry
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World

HTML = {"Content-Type": "text/html; charset=utf-8"}
VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}
# An Azure registry to an address that its firewall does not know.
# Source: https://github.com/docker/build-push-action/issues/1214.
FIREWALL = problem(403, "DENIED")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(200, b"{}", {"Content-Type": "application/json"}), "open_registry"),
        (Reply(200, b""), "open_registry"),
        (Reply(200, b"true", HTML | VERSION), "open_registry"),
        (Reply(200, b"<html>", HTML), "not_a_registry"),
        (Reply(200, FIREWALL.body, FIREWALL.headers), "not_a_registry"),
        (Reply(404, b"<html>", HTML), "not_a_registry"),
        (Reply(403), "not_a_registry"),
        (Reply(403, b"<html>", HTML), "not_a_registry"),
        (Reply(403, b'{"message": "Forbidden"}'), "not_a_registry"),
        (Reply(403, b'{"errors": []}'), "not_a_registry"),
        (Reply(403, b'{"errors": ["no"]}'), "not_a_registry"),
        (FIREWALL, "site_refused"),
        (Reply(403, b"<html>", HTML | VERSION), "site_refused"),
        (Reply(403, b'{"errors": [{"status": 403, "message": "no"}]}'), "site_refused"),
        (Reply(404, FIREWALL.body, FIREWALL.headers), "not_a_registry"),
        (Reply(204), "not_a_registry"),
        (Reply(401), "not_a_registry"),
        (Reply(401, b"<html>", HTML), "not_a_registry"),
        (problem(401, "UNAUTHORIZED"), "unsupported_scheme"),
        (Reply(401, b"", VERSION), "unsupported_scheme"),
        (Reply(401, b"", {"WWW-Authenticate": "Negotiate"}), "unsupported_scheme"),
        (Reply(401, b"", {"WWW-Authenticate": "Bearer"}), "unsupported_scheme"),
        (Reply(401, b"", {"WWW-Authenticate": '"'}), "unsupported_scheme"),
        (Reply(429), "rate_limited"),
        (Reply(500), "server_error"),
        (Reply(302, b"", {"Location": "/v2/other"}), "redirected"),
        (Reply(200, b"x" * 2_000_000), "too_large"),
    ],
)
def test_what_answers_at_the_address(reply: Reply, code: str) -> None:
    outcome, requests = check(reply)
    assert verdict(outcome) == (CODES[code].verdict, code)
    named = {"host": requests[0].headers["Host"]} if "%(host)s" in CODES[code].sentence else {}
    assert outcome.params in (named, {"host": requests[0].headers["Host"]})
    assert [request.authorization for request in requests] == [None]


def test_without_an_address_there_is_nothing_to_ask() -> None:
    outcome, requests = check(Reply(200), url=None)
    assert verdict(outcome) == ("misconfigured", "image_needed")
    assert requests == []


def test_an_open_registry_is_not_shown_the_credentials() -> None:
    """#35: who did not ask for them does not get them."""
    stored = image("an image")
    with FakeServer(serving(stored)) as server:
        client = World({}, Ledger()).client(Endpoint(url=server.origin), Basic("reader", "x"))
        assert client.check("acme/app", "v1").code == "open_registry"
        assert client.digest("acme/app", "v1") == stored.digest
        assert {request.authorization for request in server.requests} == {None}


@pytest.mark.parametrize(
    "lines",
    [
        ['Basic realm="x"', 'Bearer realm="/token",service="s"'],
        ['Bearer realm="/token",service="s"', 'Basic realm="x"'],
        ['Basic realm="x", BEARER realm="/token",service="s"'],
    ],
)
def test_a_token_is_preferred_however_the_challenges_are_sent(lines: list[str]) -> None:
    def handler(request: Request) -> Reply:
        if request.path == "/token":
            return answer({"token": "granted"})
        return Reply(401, b"", [("WWW-Authenticate", line) for line in lines])

    with FakeServer(handler) as server:
        client = World({}, Ledger()).client(Endpoint(url=server.origin), Basic("reader", "x"))
        assert client.check().code == "signed_in"
        assert [request.path for request in server.requests] == ["/v2/", "/token"]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(401), ("rejected", "bad_credentials")),
        (Reply(401, b"<html>", HTML), ("rejected", "bad_credentials")),
        (Reply(403), ("rejected", "bad_credentials")),
        (FIREWALL, ("rejected", "bad_credentials")),
        # https://github.com/docker/login-action/issues/461
        (Reply(403, b"<html>", HTML), ("misconfigured", "token_server_refused")),
        (Reply(429), ("throttled", "rate_limited")),
        (Reply(502), ("unreachable", "server_error")),
        (Reply(404), ("misconfigured", "not_a_registry")),
        # A router's or a portal's page asks for a password as well.
        (Reply(200, b"<html>", HTML), ("misconfigured", "not_a_registry")),
    ],
)
def test_what_a_basic_registry_answers_to_credentials(
    serve: Serve, reply: Reply, expected: tuple[str, str]
) -> None:
    class Answering(BasicRegistry):
        def ping(self, request: Request) -> Reply:
            return reply if request.basic else super().ping(request)

    family, world = serve(Answering)
    assert verdict(world.account(family).check()) == expected


# An image as well


@pytest.mark.parametrize(
    ("repository", "reference", "expected"),
    [
        (PRIVATE, "v1", ("valid", "signed_in")),
        (PRIVATE, None, ("valid", "signed_in")),
        (PRIVATE, "v99", ("valid", "tag_not_found")),
        (ABSENT, "v1", ("valid", "repository_not_found")),
        (DENIED, "v1", ("valid", "no_access_to_image")),
        ("../admin", "v1", ("misconfigured", "invalid_reference")),
    ],
)
def test_the_images_trouble_keeps_the_sign_ins_verdict(
    serve: Serve, repository: str, reference: str | None, expected: tuple[str, str]
) -> None:
    family, world = serve(TokenRegistry)
    assert verdict(world.account(family).check(repository, reference)) == expected


def test_a_401_for_an_image_does_not_take_back_a_sign_in(serve: Serve) -> None:
    """The credentials were called refused before, though the registry had just taken them.

    Source: https://github.com/kubernetes/kubernetes/issues/65958.
    """

    class ByImage(BasicRegistry):
        def refusal(self, request: Request, repository: str) -> Reply | None:
            refusal = super().refusal(request, repository)
            asks = {"WWW-Authenticate": 'Basic realm="Registry"'}
            return refusal or (problem(401, "UNAUTHORIZED", asks) if repository else None)

    class ByToken(TokenRegistry):
        def denied(self, user: str | None, expected: list[str]) -> Reply | None:
            return problem(401, "UNAUTHORIZED") if expected else None

    for kind in (ByImage, ByToken):
        family, world = serve(kind)
        outcome = world.account(family).check(PRIVATE, "v1")
        assert verdict(outcome) == ("valid", "no_access_to_image")


def test_an_image_is_not_looked_for_where_the_sign_in_failed(serve: Serve) -> None:
    family, world = serve(TokenRegistry)
    outcome = world.account(family, family.wrong).check(PUBLIC, "v1")
    assert verdict(outcome) == ("rejected", "bad_credentials")
    assert [request.method for request in world.requests].count("HEAD") == 0


def test_a_check_does_not_trust_what_is_remembered(serve: Serve) -> None:
    """A token that still lives proves nothing about a password that was changed."""
    family, world = serve(TokenRegistry)
    old = family.right
    assert verdict(world.account(family).check(PRIVATE, "v1")) == ("valid", "signed_in")
    family.right = ("reader", "changed")
    assert verdict(world.account(family, old).check()) == ("rejected", "bad_credentials")
    family.ledger.allow(basic(*family.right), family.realm_origin)
    assert verdict(world.account(family).check()) == ("valid", "signed_in")
