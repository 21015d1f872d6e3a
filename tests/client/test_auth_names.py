"""Repositories whose very name a token server refuses, though it knows the account."""

import pytest

from registries.client.errors import ClientError, NotFound, Rejected
from registries.credentials import Anonymous
from registries.endpoint import Endpoint, Proof
from tests.client.calls import fails, verdict
from tests.client.conftest import Serve
from tests.fakes.images import PRIVATE
from tests.fakes.selfhosted import TokenRegistry
from tests.fakes.server import Reply

BAD = "app"  # DigitalOcean's repositories have two parts at least


class Picky(TokenRegistry):
    """Refuses names that cannot be one of its repositories', whoever asks."""

    status = 400
    guests = True

    def denied(self, user: str | None, requested: list[str]) -> Reply | None:
        if user is None and not requested and not self.guests:
            return Reply(401)
        return Reply(self.status) if BAD in requested else None


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("proof", [Proof.TOKEN, Proof.COMPARE])
def test_the_sign_in_stands_where_a_name_is_refused(
    serve: Serve, status: int, proof: Proof
) -> None:
    """The account was let in a moment before: it is the image's name that is wrong."""
    family, world = serve(Picky)
    family.status = status
    assert verdict(world.account(family, proof=proof).check(BAD)) == ("valid", "name_refused")
    assert verdict(world.account(family, proof=proof).check(PRIVATE)) == ("valid", "signed_in")
    with fails("name_refused"):
        world.account(family).tags(BAD)


def test_a_wrong_password_is_told_before_a_wrong_name(serve: Serve) -> None:
    """A server that looks at the name first says nothing of the account until it is asked alone."""

    class NameFirst(Picky):
        def refused(self) -> Reply:
            return self.reply_to_strangers

        reply_to_strangers = Reply(400)

    family, world = serve(NameFirst)
    with fails("bad_token_server"):
        world.account(family, family.wrong).tags(BAD)
    family.reply_to_strangers = Reply(401)
    with pytest.raises(Rejected):
        world.account(family, family.wrong).tags(BAD)


@pytest.mark.parametrize("guests", [True, False])
def test_a_guest_is_told_of_a_name_as_well(serve: Serve, guests: bool) -> None:
    """Quay gives a guest no token without a repository, and answers 400 to a name with three."""
    family, world = serve(Picky)
    family.guests = guests
    client = world.client(Endpoint(url=family.origin), Anonymous())
    with fails("name_refused"):
        client.tags(BAD)


@pytest.mark.parametrize("credential", ["right", "none"])
def test_a_token_server_of_another_registry_is_not_taken_for_a_picky_one(
    serve: Serve, credential: str
) -> None:
    """It answers 400 whatever is asked for, because it does not know the service."""

    class Foreign(TokenRegistry):
        def challenge(self, repository: str | None = None, **more: str) -> str:
            return super().challenge(repository, service="elsewhere", **more)

    family, world = serve(Foreign)
    client = (
        world.account(family)
        if credential == "right"
        else world.client(Endpoint(url=family.origin), Anonymous())
    )
    with fails("bad_token_server"):
        client.tags(PRIVATE)


def test_one_bad_name_among_many_spoils_no_other(serve: Serve) -> None:
    family, world = serve(Picky)
    digests = world.account(family).digests([(PRIVATE, "v1"), (BAD, "v1"), (PRIVATE, "v2")])
    assert [isinstance(item, ClientError) for item in digests] == [False, True, False]
    assert isinstance(digests[1], NotFound)
    assert digests[1].code == "name_refused"
