"""What a check says of a row without credentials: whether guests are let in, and no more."""

import pytest

from registries.credentials import Anonymous
from registries.endpoint import Endpoint
from registries.verdicts import CODES
from tests.client.calls import verdict
from tests.client.conftest import Serve
from tests.fakes.family import Family, problem
from tests.fakes.hosted import DockerHub, GitHub, Quay
from tests.fakes.images import ABSENT, PRIVATE, PUBLIC
from tests.fakes.selfhosted import Harbor, TokenRegistry
from tests.fakes.server import Reply, Request
from tests.fakes.world import World

REFUSED = ("misconfigured", "guests_refused")
LET_IN = ("anonymous", "public")
BY_IMAGE = ("anonymous", "public_by_image")


class Closed(TokenRegistry):
    """Its token server has nothing for guests; `reply` is what they are told."""

    reply = problem(401, "UNAUTHORIZED")

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        return self.reply if user is None else None


class ByImage(TokenRegistry):
    """Gives guests a token for what everybody may read, as GitLab does for existing projects."""

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        known = all(name in self.images and self.readable(user, name) for name in requested)
        return None if user or (requested and known) else problem(403, "DENIED")


class WaryGitHub(GitHub):
    """ghcr.io, if it gives a guest no token without a repository: nobody says that it does."""

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        known = all(name in self.images and self.readable(user, name) for name in requested)
        return None if user or (requested and known) else problem(401, "UNAUTHORIZED")


def guest(world: World, family: Family, *image: str, **endpoint: bool) -> tuple[str, str]:
    client = world.client(Endpoint(url=family.origin, **endpoint), Anonymous())
    return verdict(client.check(*image))


@pytest.mark.parametrize(
    ("family_of", "expected", "requested"),
    [
        (TokenRegistry, LET_IN, 1),
        (DockerHub, LET_IN, 1),
        (Quay, LET_IN, 2),
        (Harbor, LET_IN, 2),
        (Closed, REFUSED, 2),
        (ByImage, REFUSED, 2),
    ],
)
def test_a_guests_token_is_asked_for(
    serve: Serve, family_of: type[Family], expected: tuple[str, str], requested: int
) -> None:
    """Without a repository, then for one that nobody has: Harbor and Quay demand one."""
    family, world = serve(family_of)
    assert guest(world, family) == expected
    tokens = [r for r in world.servers[family.realm_origin].requests if r.path != "/v2/"]
    assert [len(r.query.get("scope", [])) for r in tokens] == [0, 1][:requested]
    assert {request.authorization for request in world.requests} == {None}


@pytest.mark.parametrize("family_of", [Closed, ByImage, WaryGitHub])
def test_an_image_that_everybody_may_read_tells_more(serve: Serve, family_of: type[Family]) -> None:
    """What a guest has read, guests may read, whatever he was told before."""
    family, world = serve(family_of)
    by_image = {"guests_by_image": family_of is WaryGitHub}
    alone = BY_IMAGE if family_of is WaryGitHub else REFUSED
    assert guest(world, family, **by_image) == alone
    denied = ("anonymous", "no_access_to_image") if family_of is WaryGitHub else REFUSED
    read = REFUSED if family_of is Closed else LET_IN
    for image, expected in ((PUBLIC, read), (PRIVATE, denied), (ABSENT, denied)):
        assert guest(world, family, image, "v1", **by_image) == expected


def test_the_steps_of_a_guest(serve: Serve) -> None:
    family, world = serve(ByImage)
    steps = {}
    for image in ((), (PUBLIC, "v1"), (PRIVATE, "v1")):
        outcome = world.client(Endpoint(url=family.origin), Anonymous()).check(*image)
        steps[image] = [(step.slug, step.passed) for step in outcome.steps if step.slug != "name"]
    assert steps[()] == [("registry", True), ("credentials", False)]
    assert steps[PUBLIC, "v1"] == [("registry", True), ("image", True)]
    assert steps[PRIVATE, "v1"] == [("registry", True), ("credentials", False), ("image", False)]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(401), REFUSED),
        (Reply(403, b"<html>"), REFUSED),
        (Reply(400), ("misconfigured", "bad_token_server")),
        (Reply(404), ("misconfigured", "bad_token_server")),
        (Reply(429), ("throttled", "rate_limited")),
        (Reply(503), ("unreachable", "server_error")),
        (Reply(200, b"{}"), ("unreachable", "bad_answer")),
    ],
)
def test_what_a_token_server_answers_to_guests(
    serve: Serve, reply: Reply, expected: tuple[str, str]
) -> None:
    """A token server that fails has not refused anybody, and has not let anybody in."""
    family, world = serve(Closed)
    family.reply = reply
    assert guest(world, family) == expected


def test_no_sentence_says_more_than_was_tried() -> None:
    """That images can be read is said of no registry where none was."""
    for code in ("public", "public_by_image"):
        assert "can be read" not in CODES[code].sentence
        assert "Enter an image" in CODES[code].sentence
    assert "with a public image" in CODES["guests_refused"].sentence


def test_a_guest_asks_for_no_token_where_everybody_is_let_in(serve: Serve) -> None:
    class Open(TokenRegistry):
        def ping(self, request: Request) -> Reply:
            return Reply(200, b"{}")

    family, world = serve(Open)
    assert guest(world, family) == LET_IN
    assert world.servers[family.realm_origin].requests == []
