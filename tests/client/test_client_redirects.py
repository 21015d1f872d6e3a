"""Redirects of token servers, manifests and registries."""

from typing import Any

import pytest

from registries.client.errors import ImageDenied
from tests.client.calls import fails
from tests.client.conftest import Serve
from tests.fakes.images import PRIVATE
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import BasicRegistry, TokenRegistry
from tests.fakes.server import Handler, Reply, Request

ELSEWHERE = "https://elsewhere.example.net"


class Storing(TokenRegistry):
    """A registry whose manifests lie elsewhere."""

    def manifest(self, request: Request, stored: Any) -> Reply:
        return Reply(307, b"", {"Location": f"{ELSEWHERE}/blobs/{stored.digest}"})

    def servers(self) -> dict[str, Handler]:
        return {**super().servers(), ELSEWHERE: self.storage}

    def storage(self, request: Request) -> Reply:
        self.ledger.see(request, ELSEWHERE)
        stored = self.images[PRIVATE].find(request.path.rpartition("/")[2])
        assert stored is not None
        return Reply(200, stored.body, {"Content-Type": stored.media_type})


def test_a_token_server_that_redirects_is_not_followed(serve: Serve) -> None:
    """#36: a realm's redirect could lead anywhere."""

    class Redirecting(Storing):
        def token(self, request: Request) -> Reply:
            self.ledger.see(request, self.realm_origin)
            return Reply(307, b"", {"Location": f"{ELSEWHERE}/token"})

    family, world = serve(Redirecting)
    outcome = world.account(family).check()
    assert (outcome.verdict, outcome.code) == ("unreachable", "redirected")
    assert world.servers[ELSEWHERE].requests == []


@pytest.mark.parametrize("head", [200, 401, 403, 405])
def test_a_manifest_that_lies_elsewhere_is_fetched_without_authorization(
    serve: Serve, head: int
) -> None:
    """#36: object storage gets the request and no token; an address may be signed for GET alone."""

    class ForGet(Storing):
        def storage(self, request: Request) -> Reply:
            reply = super().storage(request)
            return Reply(head) if request.method == "HEAD" and head != 200 else reply

    family, world = serve(ForGet)
    digest = world.account(family).digest(PRIVATE, "v1")
    assert digest == family.images[PRIVATE].tags["v1"].digest
    assert {one.authorization for one in world.servers[ELSEWHERE].requests} == {None}


def test_a_manifest_that_redirects_for_ever_is_given_up(serve: Serve) -> None:
    """#36: five redirects, no more."""

    class Circling(BasicRegistry):
        def manifest(self, request: Request, stored: Any) -> Reply:
            return Reply(307, b"", {"Location": request.target})

    family, world = serve(Circling)
    with fails("redirected"):
        world.account(family).digest(PRIVATE, "v1")
    assert len(world.requests) == 1 + 6


@pytest.mark.parametrize(
    "paths", ['Basic realm="Storage"', 'Bearer realm="/token",scope="repository:acme/other:pull"']
)
def test_where_a_redirect_led_nobody_commands_how_to_sign_in(serve: Serve, paths: str) -> None:
    """#36: a stranger's 401 neither brings the password out nor changes what is remembered."""

    class Commanding(Storing):
        def storage(self, request: Request) -> Reply:
            self.ledger.see(request, ELSEWHERE)
            return Reply(401, b"", {"WWW-Authenticate": paths})

    family, world = serve(Commanding)
    with pytest.raises(ImageDenied):
        world.account(family).digest(PRIVATE, "v1")
    home = world.servers[family.origin].requests
    assert [one.basic for one in home] == [None] * len(home)
    assert len(world.servers[family.realm_origin].requests) == 1
    world.forget()
    assert world.account(family).tags(PRIVATE)
    assert {one.path.rpartition("/")[2] for one in world.requests} == {"list"}


class MovedLists(TokenRegistry):
    """registry.k8s.io: lists are at another host, which knows its own path and not the query.

    Source: https://github.com/kubernetes/registry.k8s.io/issues/326.
    """

    elsewhere = ELSEWHERE
    refuses = False

    def tags(self, request: Request, names: list[str]) -> Reply:
        return Reply(307, b"", {"Location": f"{self.elsewhere}/v2/back/end/tags/list"})

    def servers(self) -> dict[str, Handler]:
        return {**super().servers(), self.elsewhere: self.back_end}

    def back_end(self, request: Request) -> Reply:
        self.ledger.see(request, self.elsewhere)
        assert request.path == "/v2/back/end/tags/list"
        if self.refuses:
            return Reply(401, b"", {"WWW-Authenticate": 'Basic realm="back end"'})
        return super().tags(request, list(self.images[PRIVATE].tags))


@pytest.mark.parametrize("link", ["", "https://registry.example.com", "http://169.254.169.254"])
def test_a_list_that_lies_elsewhere_is_read_there_without_authorization(
    serve: Serve, link: str
) -> None:
    """#36, #43: its pages too, whatever host their links name; they get no token."""

    class Moved(MovedLists):
        def link(self, path: str) -> str:
            return f"{link}{path}"

    family, world = serve(Moved)
    assert world.account(family).tags(PRIVATE) == list(family.images[PRIVATE].tags)
    requests = world.servers[ELSEWHERE].requests
    assert [one.authorization for one in requests] == [None] * 3
    home = [one for one in world.servers[family.origin].requests if one.path.endswith("list")]
    assert len(home) == 1


def test_where_a_list_lies_nobody_judges_the_credentials(serve: Serve) -> None:
    """#36: a 401 of the back end, on the first page or a later one, brings nothing out."""

    class Refusing(MovedLists):
        def back_end(self, request: Request) -> Reply:
            self.refuses = "last" in request.query
            return super().back_end(request)

    for family in (Refusing(Ledger()), MovedLists(Ledger())):
        family.refuses = True
        _, world = serve(family)
        with pytest.raises(ImageDenied):
            world.account(family).tags(PRIVATE)
        assert [one.basic for one in world.servers[ELSEWHERE].requests if one.basic] == []
        assert len(world.servers[family.realm_origin].requests) == 1


def test_a_list_of_https_is_not_read_over_http(serve: Serve) -> None:
    """#36: what is encrypted stays so."""

    class Insecure(MovedLists):
        elsewhere = "http://elsewhere.example.net"

    family, world = serve(Insecure)
    with fails("redirected"):
        world.account(family).tags(PRIVATE)
    assert world.servers[family.elsewhere].requests == []
