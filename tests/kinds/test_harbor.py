"""What is odd about Harbor: the names of its robots, and what it says of what may not be read."""

import pytest

from registries.client.errors import ClientError
from registries.kinds import KINDS
from tests.fakes.images import ABSENT, PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger, basic
from tests.fakes.selfhosted import Harbor
from tests.fakes.server import Handler, Reply, Request
from tests.fakes.world import World
from tests.kinds.facts import FACTS

KIND = KINDS["harbor"]
CASE = FACTS["harbor"].registries["harbor"]


@pytest.mark.parametrize(
    ("login", "remark"),
    [
        ("robot$acme+reader", None),
        ("robot$reader", None),
        ("robot@acme+reader", None),
        ("jürgen", None),
        ("robot$$acme+reader", "two dollar signs"),
        ("robot", "Is this the whole login?"),
    ],
)
def test_a_robots_name_is_kept_and_a_broken_one_is_remarked_upon(
    login: str, remark: str | None
) -> None:
    """Shells and compose files change it: https://github.com/goharbor/harbor/issues/7944."""
    values, problems = KIND.clean({"login": login})
    assert (values, problems) == ({"login": login}, [])
    notices = KIND.notices(values)
    assert [remark in notice for notice in notices if remark] == [True] * bool(remark)
    assert bool(notices) == bool(remark)


def test_a_robot_signs_in_under_its_whole_name() -> None:
    """Only at the token server: its dollar sign and plus go into the header as they are."""
    family = Harbor(Ledger())
    with World.of(family) as world:
        assert CASE.client(world, family.right).check(PRIVATE, "v1").code == "signed_in"
        paths = {r.path for r in world.requests if (r.authorization or "").startswith("Basic")}
        assert paths == {"/service/token"}
    assert family.ledger.users[0] == "robot$acme+reader"


class Frozen(Harbor):
    """A Harbor whose accounts stay frozen for longer than any test takes."""

    FROZEN = 3600.0


def test_a_wrong_secret_is_shown_once_and_no_other_name_is_tried() -> None:
    """Each try freezes the account for everybody who uses it."""
    family = Frozen(Ledger())
    with World.of(family) as world:
        outcome = CASE.client(world, family.wrong).check(PRIVATE, "v1")
        assert (outcome.verdict, outcome.code) == ("rejected", "bad_credentials")
        assert family.ledger.users == [family.wrong[0]]
        # Right ones are refused as well until it thaws.
        assert CASE.client(world, family.right).check().code == "bad_credentials"


def test_a_guest_reads_public_projects() -> None:
    family = Harbor(Ledger())
    with World.of(family) as world:
        outcomes = {
            name: CASE.client(world, None).check(name, "v1") for name in (PUBLIC, PRIVATE, ABSENT)
        }
        assert {name: (o.verdict, o.code) for name, o in outcomes.items()} == {
            PUBLIC: ("anonymous", "public"),
            PRIVATE: ("anonymous", "no_access_to_image"),
            ABSENT: ("anonymous", "repository_not_found"),
        }
        assert {request.basic for request in world.requests} == {None}


class Nowhere(Harbor):
    """A project that is not there: 401, and a challenge that is empty.

    Source: goharbor/harbor, src/server/middleware/v2auth/auth.go, `check`.
    """

    def refusal(self, request: Request, repository: str) -> Reply | None:
        refused = super().refusal(request, repository)
        if repository == ABSENT and request.authorization:
            return Reply(401, refused.body if refused else b"{}", {"WWW-Authenticate": ""})
        return refused


def test_a_project_that_is_not_there_is_no_fault_of_the_account() -> None:
    family = Nowhere(Ledger())
    with World.of(family) as world:
        client = CASE.client(world, family.right)
        outcome = client.check(ABSENT, "v1")
        assert (outcome.verdict, outcome.code) == ("valid", "no_access_to_image")
        with pytest.raises(ClientError) as caught:
            client.tags(ABSENT)
        assert caught.value.code == "no_access_to_image"


class Behind(Harbor):
    """Harbor behind a proxy that ends TLS, whose external URL still says http."""

    realm = "http://harbor.example.com/service/token"

    def servers(self) -> dict[str, Handler]:
        return {self.origin: self.registry}


class Renamed(Harbor):
    """Harbor whose external URL has another host than the row's address."""

    realm = "https://registry.acme.example/service/token"


@pytest.mark.parametrize(
    ("family_of", "code"), [(Behind, "insecure_realm"), (Renamed, "untrusted_realm")]
)
def test_a_wrong_external_url_is_sent_nothing(family_of: type[Harbor], code: str) -> None:
    """The realm is made of it: the row may name another host, never one without TLS."""
    family = family_of(Ledger())
    with World.of(family) as world:
        outcome = CASE.client(world, family.right).check()
        assert (outcome.verdict, outcome.code) == ("misconfigured", code)
    assert basic(*family.right) not in {secret for secret, _ in family.ledger.seen}


def test_the_row_may_name_the_host_of_the_external_url() -> None:
    family = Renamed(Ledger())
    values = {**CASE.values(family.right), "authurl": "https://registry.acme.example"}
    with World.of(family) as world:
        client = world.client(KIND.endpoint(values, None), KIND.credential(values, None, ""))
        assert client.check(PRIVATE, "v1").code == "signed_in"
