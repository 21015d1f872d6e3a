"""What is odd about DigitalOcean: a token is user name and password, and goes to its API alone."""

import pytest

from registries.client.errors import ClientError, NotFound
from registries.kinds import KINDS
from tests.fakes.family import problem
from tests.fakes.hosted import DigitalOcean
from tests.fakes.images import PRIVATE
from tests.fakes.ledger import Ledger
from tests.fakes.server import Reply
from tests.fakes.world import World
from tests.kinds.facts import FACTS

KIND = KINDS["digitalocean"]
CASE = FACTS["digitalocean"].registries["digitalocean"]


def test_the_token_is_shown_to_the_api_alone() -> None:
    """The registry itself only sees what was made of it."""
    family = DigitalOcean(Ledger())
    with World.of(family) as world:
        assert CASE.client(world, family.right).check(PRIVATE, "v1").code == "signed_in"
        basics = [r for r in world.requests if r.basic]
        assert {r.path for r in basics} == {"/v2/registry/auth"}
        assert {r.method for r in basics} == {"GET"}


def test_an_account_may_be_named_beside_the_token() -> None:
    """As people have it in docker's file: https://github.com/docker/login-action/pull/895."""
    family = DigitalOcean(Ledger())
    email = "reader@acme.example"
    family.name_account(email)
    values = {"username": email, "token": family.right[1]}
    with World.of(family) as world:
        client = world.client(KIND.endpoint(values, None), KIND.credential(values, None, ""))
        assert client.check(PRIVATE, "v1").code == "signed_in"
    assert set(family.ledger.users) == {email}


def test_a_token_that_is_the_user_name_shows_nowhere(canary: str) -> None:
    assert canary not in repr(KIND.credential({"token": canary}, None, ""))


@pytest.mark.parametrize("start", ["dop_v1_", "doo_v1_", "dor_v1_", ""])
def test_a_token_is_no_user_name(start: str) -> None:
    """DigitalOcean says to enter it twice; a user name is stored in clear and shown."""
    text = f"{start}{'0' * 64}"
    problems = KIND.clean({"username": text, "token": text})[1]
    assert [(problem.variable, problem.code) for problem in problems] == [("username", "token")]
    assert text not in str(problems[0])
    # What is only like one may be a name.
    assert not KIND.clean({"username": f"{'0' * 63}@acme.example", "token": text})[1]


class Limited(DigitalOcean):
    """DigitalOcean's API counts the requests of a token: 5000 an hour."""

    def granted(self, user: str | None, requested: list[str]) -> Reply:
        return problem(429, "TOOMANYREQUESTS", {"Retry-After": "60"})


def test_the_apis_limit_is_a_pause() -> None:
    family = Limited(Ledger())
    with World.of(family) as world:
        outcome = CASE.client(world, family.right).check()
    assert (outcome.verdict, outcome.code) == ("throttled", "rate_limited")
    assert outcome.retry_at is not None


def test_a_name_without_its_registry_is_refused_and_the_token_is_not() -> None:
    """The API answers 400 to one of a single part."""
    family = DigitalOcean(Ledger())
    with World.of(family) as world:
        client = CASE.client(world, family.right)
        outcome = client.check("app", "v1")
        assert (outcome.verdict, outcome.code) == ("valid", "name_refused")
        with pytest.raises(ClientError) as caught:
            client.tags("app")
    assert (type(caught.value), caught.value.code) == (NotFound, "name_refused")
