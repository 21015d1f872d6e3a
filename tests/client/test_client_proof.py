"""What proves a sign-in, and what does not."""

import secrets
from typing import Any

import pytest

from registries.endpoint import Proof
from tests.client.asking import verdict
from tests.client.conftest import Serve
from tests.fakes.family import answer, jwt, problem
from tests.fakes.hosted import GitHub
from tests.fakes.images import PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import BasicRegistry, Gitea, TokenRegistry
from tests.fakes.server import Reply, Request


class Lenient(TokenRegistry):
    """A token server that hands a token to everybody, or nearly."""

    anonymous = True
    any_password = True
    trouble = 0

    def token(self, request: Request) -> Reply:
        if request.basic == self.right:
            return super().token(request)
        self.ledger.see(request, self.realm_origin)
        if self.trouble:
            return Reply(self.trouble)
        allowed = self.any_password if request.basic else self.anonymous
        return (
            self.granted(None, self.wanted(request.query.get("scope", [])))
            if allowed
            else (self.refused())
        )


@pytest.mark.parametrize(
    ("anonymous", "any_password", "expected"),
    [
        (False, False, ("valid", "signed_in")),
        (True, False, ("valid", "signed_in")),
        (False, True, ("unproven", "accepts_any_password")),
        (True, True, ("unproven", "accepts_any_password")),
    ],
)
def test_a_comparison_with_a_random_password(
    serve: Serve, anonymous: bool, any_password: bool, expected: tuple[str, str]
) -> None:
    family = Lenient(Ledger())
    family.anonymous, family.any_password = anonymous, any_password
    world = serve(family)
    assert verdict(world.account(family, proof=Proof.COMPARE).check()) == expected
    sent = [request.basic for request in world.servers[family.realm_origin].requests]
    assert len(sent) == 2
    assert sent[0] == family.right
    assert sent[1] != family.right
    assert sent[1]
    assert sent[1][0] == family.right[0]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, ("throttled", "rate_limited")),
        (500, ("unreachable", "server_error")),
        (400, ("valid", "signed_in")),
        (403, ("valid", "signed_in")),
    ],
)
def test_a_comparison_that_cannot_be_made_proves_nothing(
    serve: Serve, status: int, expected: tuple[str, str]
) -> None:
    family = Lenient(Ledger())
    family.trouble = status
    outcome = serve(family).account(family, proof=Proof.COMPARE).check()
    assert verdict(outcome) == expected


def test_no_random_password_is_tried_without_need(serve: Serve) -> None:
    """Only the endpoint of a self-hosted registry asks for the comparison."""
    family = Lenient(Ledger())
    world = serve(family)
    assert verdict(world.account(family).check()) == ("valid", "signed_in")
    assert len(world.servers[family.realm_origin].requests) == 1


@pytest.mark.parametrize("guests", [True, False])
def test_ghcr_is_judged_by_what_it_says_to_credentials(serve: Serve, guests: bool) -> None:
    """Whether ghcr.io gives a guest a token without scope is unknown, and makes no difference."""

    class Unsure(GitHub):
        def denied(self, user: str | None, wanted: list[str]) -> Reply | None:
            if user is None and not wanted and not guests:
                return problem(401, "UNAUTHORIZED")
            return super().denied(user, wanted)

    family = Unsure(Ledger())
    world = serve(family)
    assert verdict(world.account(family).check()) == ("valid", "signed_in")
    assert verdict(world.account(family, family.wrong).check()) == ("rejected", "bad_credentials")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"UserID": 1}, ("valid", "signed_in")),
        ({"UserID": 0}, ("rejected", "ghost_token")),
        ({"UserID": -1}, ("rejected", "ghost_token")),
        ({"UserID": "7"}, ("unproven", "no_proof")),
        ({"UserID": True}, ("unproven", "no_proof")),
        ({}, ("unproven", "no_proof")),
        ("opaque", ("unproven", "no_proof")),
        ("a.b.c", ("unproven", "no_proof")),
        ("..", ("unproven", "no_proof")),
    ],
)
def test_whom_a_token_names(
    serve: Serve, claims: dict[str, Any] | str, expected: tuple[str, str]
) -> None:
    class Naming(Gitea):
        def token_text(self, user: str | None, allowed: list[str]) -> str:
            return claims if isinstance(claims, str) else jwt(claims)

    family = Naming(Ledger())
    outcome = serve(family).account(family, proof=Proof.USER_ID).check()
    assert verdict(outcome) == expected


@pytest.mark.parametrize(
    ("repository", "expected"),
    [(PRIVATE, ("valid", "signed_in")), (PUBLIC, ("unproven", "accepts_any_password"))],
)
def test_a_private_image_proves_what_the_sign_in_could_not(
    serve: Serve, repository: str, expected: tuple[str, str]
) -> None:
    family = Lenient(Ledger())
    outcome = serve(family).account(family, proof=Proof.COMPARE).check(repository, "v1")
    assert verdict(outcome) == expected


@pytest.mark.parametrize(
    ("repository", "expected"),
    [(PRIVATE, ("valid", "signed_in")), (PUBLIC, ("unproven", "no_proof"))],
)
def test_a_stranger_is_a_guest_where_no_password_may_be_tried(
    serve: Serve, repository: str, expected: tuple[str, str]
) -> None:
    class Opaque(Gitea):
        def token_text(self, user: str | None, allowed: list[str]) -> str:
            return secrets.token_hex(16)

    family = Opaque(Ledger())
    world = serve(family)
    outcome = world.account(family, proof=Proof.USER_ID).check(repository, "v1")
    assert verdict(outcome) == expected
    assert {request.basic for request in world.requests} == {None, family.right}


def test_an_image_that_any_password_opens_proves_nothing(serve: Serve) -> None:
    """A guest may not read it, and the account may, whatever its password is."""

    class Careless(TokenRegistry):
        def token(self, request: Request) -> Reply:
            self.ledger.see(request, self.realm_origin)
            user = request.basic[0] if request.basic else None
            return self.granted(user, self.wanted(request.query.get("scope", [])))

    family = Careless(Ledger())
    world = serve(family)
    for reference, asked in (("v1", "v1"), (None, "latest")):
        outcome = world.account(family, proof=Proof.COMPARE).check(PRIVATE, reference)
        assert verdict(outcome) == ("unproven", "accepts_any_password")
        images = [request.path for request in world.requests if request.method == "HEAD"]
        assert images == [f"/v2/{PRIVATE}/manifests/{asked}"] * 2
        world.forget()
    assert world.account(family, proof=Proof.TOKEN).check(PRIVATE, "v1").code == "signed_in"


@pytest.mark.parametrize(
    ("repository", "expected"),
    [(PRIVATE, ("valid", "signed_in")), (PUBLIC, ("unproven", "open_registry"))],
)
def test_a_registry_that_is_open_but_for_some_images(
    serve: Serve, repository: str, expected: tuple[str, str]
) -> None:
    class HalfOpen(BasicRegistry):
        def ping(self, request: Request) -> Reply:
            return answer({})

        def refusal(self, request: Request, repository: str) -> Reply | None:
            return None if repository == PUBLIC else super().refusal(request, repository)

    family = HalfOpen(Ledger())
    family.ledger.allow_any_password(family.right[0], family.origin)
    outcome = serve(family).account(family, proof=Proof.COMPARE).check(repository, "v1")
    assert verdict(outcome) == expected


@pytest.mark.parametrize(
    ("proof", "any_password", "expected"),
    [
        (Proof.COMPARE, True, ("unproven", "accepts_any_password")),
        (Proof.COMPARE, False, ("valid", "signed_in")),
        (Proof.TOKEN, True, ("valid", "signed_in")),
    ],
)
def test_a_comparison_where_the_registry_itself_takes_the_password(
    serve: Serve, proof: Proof, any_password: bool, expected: tuple[str, str]
) -> None:
    class Careless(BasicRegistry):
        def ping(self, request: Request) -> Reply:
            return answer({}) if any_password and request.basic else super().ping(request)

    family = Careless(Ledger())
    family.ledger.allow_any_password(family.right[0], family.origin)
    world = serve(family)
    assert verdict(world.account(family, proof=proof).check()) == expected
    sent = [request.basic for request in world.requests]
    assert sent[:2] == [None, family.right]
    assert len(sent) == (3 if proof is Proof.COMPARE else 2)
    assert all(pair and pair[0] == family.right[0] != pair[1] for pair in sent[1:])
