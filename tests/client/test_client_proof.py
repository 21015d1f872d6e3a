"""What proves a sign-in, and what does not."""

import secrets
import threading
from typing import Any

import pytest

from registries.client.deadline import Deadline
from registries.client.tokens import MemoryTokens
from registries.credentials import Basic
from registries.endpoint import Endpoint, Proof
from registries.verdicts import Step, Stranger
from tests.client.calls import verdict
from tests.client.conftest import Serve
from tests.fakes.family import answer, jwt, problem
from tests.fakes.hosted import GitHub
from tests.fakes.images import ABSENT, DENIED, PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import BasicRegistry, Gitea, Harbor, TokenRegistry
from tests.fakes.server import Reply, Request
from tests.fakes.world import SECONDS


class Lenient(TokenRegistry):
    """A token server that hands a token to everybody, or nearly."""

    anonymous = True
    any_password = True
    trouble: Reply | None = None

    def token(self, request: Request) -> Reply:
        if request.basic == self.right:
            return super().token(request)
        self.ledger.see(request, self.realm_origin)
        if self.trouble:
            return self.trouble
        if self.any_password if request.basic else self.anonymous:
            return self.granted(None, self.requested(request.query.get("scope", [])))
        return self.refused()


SIGNED_IN, REFUSED = ("valid", "signed_in"), ("rejected", "bad_credentials")
ANY, UNPROVEN = ("unproven", "accepts_any_password"), ("unproven", "no_proof")


class HalfOpen(BasicRegistry):
    """Lets everybody in, and shows some images to its own account alone."""

    def ping(self, request: Request) -> Reply:
        return answer({})

    def refusal(self, request: Request, repository: str) -> Reply | None:
        return None if repository == PUBLIC else super().refusal(request, repository)


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize(("any_password", "expected"), [(False, SIGNED_IN), (True, ANY)])
def test_a_comparison_with_an_invented_account(
    serve: Serve, anonymous: bool, any_password: bool, expected: tuple[str, str]
) -> None:
    """#90: never with the account's own name: some registries lock whoever mistypes a password."""
    family, world = serve(Lenient)
    family.anonymous, family.any_password = anonymous, any_password
    outcome = world.account(family, proof=Proof.COMPARE).check()
    assert verdict(outcome) == expected
    assert outcome.stranger == ("let_in" if any_password else "refused")
    assert outcome.steps[-1][:2] == ("stranger", not any_password)
    own, invented = (request.basic for request in world.servers[family.realm_origin].requests)
    assert own == family.right
    assert not set(invented or ("",)) & {"", *own}


@pytest.mark.parametrize("family_of", [Lenient, BasicRegistry])
def test_no_account_is_invented_twice(serve: Serve, family_of: type[TokenRegistry]) -> None:
    """#90: neither is one account tried in two places."""
    family, world = serve(family_of)
    for _each in range(3):
        world.account(family, proof=Proof.COMPARE).check()
    strangers = family.ledger.strangers(family.right[0])
    assert len(set(strangers)) == len(strangers) == 3


@pytest.mark.parametrize("known", Stranger)
def test_what_is_known_of_an_invented_account_is_not_asked_again(
    serve: Serve, known: Stranger
) -> None:
    """#90: at most once for credentials as they stand; what was not found out is said each time."""
    family, world = serve(Lenient)
    outcome = world.account(family, proof=Proof.COMPARE).check(stranger=known)
    assert outcome.stranger is known
    assert family.ledger.strangers(family.right[0]) == []
    if known is Stranger.LET_IN:
        assert verdict(outcome) == ANY
    else:
        assert verdict(outcome) == SIGNED_IN
    untold = [step for step in outcome.steps if step.slug == "stranger"]
    assert untold == ([Step("stranger", None, 0)] if known is Stranger.UNANSWERED else [])


@pytest.mark.parametrize("image", [(), (PRIVATE, "v1"), (PUBLIC, "v1")])
def test_a_site_may_do_without_invented_accounts(serve: Serve, image: tuple[str, ...]) -> None:
    """#90: then a sign-in counts where a guest was refused; what was not tried is in the steps."""
    family, world = serve(Lenient)
    outcome = world.account(family, proof=Proof.COMPARE).check(*image, may_invent=False)
    assert verdict(outcome) == SIGNED_IN
    assert outcome.stranger is None
    assert outcome.steps[-1] == Step("stranger", None, 0)
    assert set(family.ledger.users) == {family.right[0]}


def test_an_account_of_harbor_is_never_frozen_by_a_check(serve: Serve) -> None:
    """#90: a check once tried the account's own name, which failed the pulls of all others."""
    family, world = serve(Harbor)
    for image in ((), (PRIVATE, "v1"), (PUBLIC, "v1"), (ABSENT, "v1")):
        checked = world.account(family, proof=Proof.COMPARE).check(*image)
        assert checked.verdict == "valid"
        # Somebody else, on another machine, at the same moment.
        puller = world.client(
            Endpoint(url=family.origin, realms=(family.realm_origin,)),
            Basic(*family.right),
            tokens=MemoryTokens(),
        )
        assert puller.digest(PRIVATE, "v1")


@pytest.mark.parametrize(
    ("trouble", "known"),
    [
        (Reply(429), Stranger.UNANSWERED),
        (Reply(500), Stranger.UNANSWERED),
        (Reply(503), Stranger.UNANSWERED),
        (Reply(302), Stranger.UNANSWERED),
        (Reply(403, b"<html>Blocked"), Stranger.UNANSWERED),
        (Reply(400), Stranger.REFUSED),
        (Reply(403), Stranger.REFUSED),
        (Reply(404), Stranger.REFUSED),
    ],
)
@pytest.mark.parametrize("image", [(), (PRIVATE, "v1"), (DENIED, "v1")])
def test_a_comparison_that_cannot_be_made_takes_nothing_away(
    serve: Serve, trouble: Reply, known: Stranger, image: tuple[str, ...]
) -> None:
    """What a stranger meets with never overrides that the account was let in.

    A pause that a stranger was asked for, or a fault that he met, was once the row's own verdict:
    right credentials were called throttled or unreachable.
    """
    family, world = serve(Lenient)
    family.trouble = trouble
    outcome = world.account(family, proof=Proof.COMPARE).check(*image)
    denied = image[:1] == (DENIED,)
    assert verdict(outcome) == ("valid", "no_access_to_image" if denied else "signed_in")
    assert outcome.retry_at is None
    assert outcome.stranger is known
    passed = {step.slug: step.passed for step in outcome.steps}
    assert passed["credentials"] is True
    assert passed["stranger"] is (True if known is Stranger.REFUSED else None)
    assert passed.get("image") == ((not denied) if image else None)


@pytest.mark.parametrize("image", [(), (PRIVATE, "v1")])
def test_a_stranger_who_is_kept_waiting_costs_the_account_nothing(
    serve: Serve, image: tuple[str, ...]
) -> None:
    """A tar pit for strangers: he gets half of the time that is left, and the sign-in stands."""
    over = threading.Event()

    class TarPit(TokenRegistry):
        def refused(self) -> Reply:
            over.wait(SECONDS)
            return super().refused()

    family, world = serve(TarPit)
    with Deadline(1) as deadline:
        endpoint = Endpoint(url=family.origin, realms=(family.realm_origin,), proof=Proof.COMPARE)
        client = world.client(endpoint, Basic(*family.right), deadline=deadline)
        outcome = client.check(*image)
        left = deadline.remaining()
    over.set()
    assert verdict(outcome) == SIGNED_IN
    assert outcome.stranger is Stranger.UNANSWERED
    assert outcome.steps[-1][:2] == ("stranger", None)
    assert left > 0


def test_no_account_is_invented_without_need(serve: Serve) -> None:
    """#90: only the endpoint of a self-hosted registry asks for it, once its own was accepted."""
    family, world = serve(Lenient)
    assert verdict(world.account(family).check()) == SIGNED_IN
    refusing = TokenRegistry(Ledger())
    _, other = serve(refusing)
    refused = other.account(refusing, refusing.wrong, proof=Proof.COMPARE).check()
    assert verdict(refused) == REFUSED
    for item, where in ((family, world), (refusing, other)):
        assert len(where.servers[item.realm_origin].requests) == 1
        assert item.ledger.strangers(item.right[0]) == []


@pytest.mark.parametrize("guests", [True, False])
def test_ghcr_is_judged_by_what_it_says_to_credentials(serve: Serve, guests: bool) -> None:
    """Whether ghcr.io gives a guest a token without scope is unknown, and makes no difference."""

    class Unsure(GitHub):
        def denied(self, user: str | None, expected: list[str]) -> Reply | None:
            if user is None and not expected and not guests:
                return problem(401, "UNAUTHORIZED")
            return super().denied(user, expected)

    family, world = serve(Unsure)
    assert verdict(world.account(family).check()) == SIGNED_IN
    assert verdict(world.account(family, family.wrong).check()) == REFUSED


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"UserID": 1}, SIGNED_IN),
        ({"UserID": 0}, ("rejected", "ghost_token")),
        ({"UserID": -1}, ("rejected", "ghost_token")),
        ({"UserID": "7"}, UNPROVEN),
        ({"UserID": True}, UNPROVEN),
        ({}, UNPROVEN),
        ("opaque", UNPROVEN),
        ("a.b.c", UNPROVEN),
        ("..", UNPROVEN),
    ],
)
def test_whom_a_token_names(
    serve: Serve, claims: dict[str, Any] | str, expected: tuple[str, str]
) -> None:
    class Naming(Gitea):
        def token_text(self, user: str | None, allowed: list[str]) -> str:
            return claims if isinstance(claims, str) else jwt(claims)

    family, world = serve(Naming)
    assert verdict(world.account(family, proof=Proof.USER_ID).check()) == expected


class Opaque(Gitea):
    """Its tokens do not say whom they are for."""

    def token_text(self, user: str | None, allowed: list[str]) -> str:
        return secrets.token_hex(16)


@pytest.mark.parametrize(
    ("family_of", "proof", "otherwise"),
    [(Lenient, Proof.COMPARE, ANY), (Opaque, Proof.USER_ID, UNPROVEN)],
)
def test_a_private_image_proves_what_the_sign_in_could_not(
    serve: Serve, family_of: type[TokenRegistry], proof: Proof, otherwise: tuple[str, str]
) -> None:
    """A stranger is a guest where no password may be tried."""
    family, world = serve(family_of)
    client = world.account(family, proof=proof)
    assert verdict(client.check(PRIVATE, "v1")) == SIGNED_IN
    assert verdict(client.check(PUBLIC, "v1")) == otherwise
    if proof is Proof.USER_ID:
        assert {request.basic for request in world.requests} == {None, family.right}


def test_an_image_that_any_password_opens_proves_nothing(serve: Serve) -> None:
    """A guest may not read it, and whoever has a name may, whatever name that is.

    Whoever was let in once is not refused now, so that another attempt locks nobody out.
    """

    class Careless(TokenRegistry):
        def token(self, request: Request) -> Reply:
            self.ledger.see(request, self.realm_origin)
            user = request.basic[0] if request.basic else None
            return self.granted(user, self.requested(request.query.get("scope", [])))

    family, world = serve(Careless)
    for known in (None, Stranger.LET_IN):
        for reference, tag in (("v1", "v1"), (None, "latest")):
            client = world.account(family, proof=Proof.COMPARE)
            outcome = client.check(PRIVATE, reference, stranger=known)
            assert verdict(outcome) == ANY
            assert outcome.stranger is Stranger.LET_IN
            images = [request.path for request in world.requests if request.method == "HEAD"]
            assert images == [f"/v2/{PRIVATE}/manifests/{tag}"] * 3
            world.forget()
    assert world.account(family, proof=Proof.TOKEN).check(PRIVATE, "v1").code == "signed_in"


@pytest.mark.parametrize("may_invent", [True, False])
@pytest.mark.parametrize(
    ("repository", "expected"),
    [(PRIVATE, SIGNED_IN), (PUBLIC, ("unproven", "open_registry"))],
)
def test_a_registry_that_is_open_but_for_some_images(
    serve: Serve, repository: str, expected: tuple[str, str], may_invent: bool
) -> None:
    """#90: what a guest may not read proves something by itself."""
    family, world = serve(HalfOpen)
    client = world.account(family, proof=Proof.COMPARE)
    outcome = client.check(repository, "v1", may_invent=may_invent)
    assert verdict(outcome) == expected
    # A guest who may read it leaves nothing to be asked of anybody else.
    invents = may_invent and repository == PRIVATE
    assert outcome.stranger == (Stranger.REFUSED if invents else None)
    assert len(family.ledger.strangers(family.right[0])) == invents
    untold = [step for step in outcome.steps if step == Step("stranger", None, 0)]
    assert len(untold) == (repository == PRIVATE and not may_invent)


@pytest.mark.parametrize(
    ("proof", "any_password", "expected"),
    [
        (Proof.COMPARE, True, ANY),
        (Proof.COMPARE, False, SIGNED_IN),
        (Proof.TOKEN, True, SIGNED_IN),
    ],
)
def test_a_comparison_where_the_registry_itself_takes_the_password(
    serve: Serve, proof: Proof, any_password: bool, expected: tuple[str, str]
) -> None:
    class Careless(BasicRegistry):
        def ping(self, request: Request) -> Reply:
            return answer({}) if any_password and request.basic else super().ping(request)

    family, world = serve(Careless)
    assert verdict(world.account(family, proof=proof).check()) == expected
    sent = [request.basic for request in world.requests]
    assert sent[:2] == [None, family.right]
    assert len(family.ledger.strangers(family.right[0])) == (proof is Proof.COMPARE)
