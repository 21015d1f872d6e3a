"""Every kind through the one client, against the fake of its registry."""

from collections.abc import Iterator

import pytest
import trustme

from registries.client.client import Client, Platform
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, ImageDenied, Misconfigured, NotFound, Rejected
from registries.kinds import KINDS
from registries.verdicts import Verdict
from tests.client.calls import fails
from tests.fakes.family import Family
from tests.fakes.hosted import DockerHub
from tests.fakes.images import ABSENT, DENIED, MANIFEST, PRIVATE, PUBLIC, image
from tests.fakes.ledger import Ledger, basic
from tests.fakes.selfhosted import TokenRegistry
from tests.fakes.world import World
from tests.kinds.facts import FACTS
from tests.kinds.facts.base import Case

CASES = {name: case for facts in FACTS.values() for name, case in facts.registries.items()}


class Site:
    """A kind's rows and the registry that they are for."""

    def __init__(self, case: Case, family: Family, world: World) -> None:
        self.case = case
        self.family = family
        self.world = world

    def client(self, who: str) -> Client:
        """A client of the row with `right`, `wrong` or `none` credentials."""
        pair = {"right": self.family.right, "wrong": self.family.wrong, "none": None}[who]
        return self.case.client(self.world, pair)

    def error(self, who: str, repository: str, reference: str = "v1") -> ClientError:
        with pytest.raises(ClientError) as caught:
            self.client(who).digest(repository, reference)
        return caught.value


@pytest.fixture(params=CASES)
def site(request: pytest.FixtureRequest, ca: trustme.CA) -> Iterator[Site]:
    case = CASES[request.param]
    family = case.family(Ledger())
    with World.of(family, ca) as world:
        yield Site(case, family, world)


def test_every_kind_is_here() -> None:
    assert {case.kind for case in CASES.values()} == set(KINDS)


def test_a_credential_in_the_wrong_place_fails_the_test() -> None:
    """#35: what these tests rely on: the fakes notice."""
    family = TokenRegistry(Ledger())

    def stray() -> None:
        with World.of(family) as world:
            world.transport.request(
                "GET",
                f"{family.origin}/v2/",
                authorization=basic(*family.right),
                deadline=Deadline(5),
                limit=1000,
            )

    with pytest.raises(AssertionError):
        stray()


def test_right_and_wrong_credentials(site: Site) -> None:
    """A refused credential is not tried again: GitLab bans whoever does."""
    outcome = site.client("right").check()
    assert (outcome.verdict, outcome.code) == (Verdict.VALID, "signed_in")
    site.family.ledger.seen.clear()
    outcome = site.client("wrong").check()
    assert (outcome.verdict, outcome.code) == site.case.wrong
    secret = [authorization for authorization, _ in site.family.ledger.seen]
    assert len(secret) == len(set(secret))


def test_no_credentials(site: Site) -> None:
    if site.case.none is None:
        # No row of its own can be without: the form says so.
        assert KINDS[site.case.kind].problems(site.case.values(None))
        return
    outcome = site.client("none").check()
    assert (outcome.verdict, outcome.code) == site.case.none


def test_the_tags_of_all_pages_in_the_registrys_order(site: Site) -> None:
    tags = site.client("right").tags(site.case.own)
    assert tags == list(site.family.images[site.case.own].tags)
    assert len(tags) > site.family.page_size


def test_the_digest_of_a_tag(site: Site) -> None:
    stored = site.family.images[site.case.own].tags["v1"]
    assert site.client("right").digest(site.case.own, "v1") == stored.digest
    assert site.client("right").digest(site.case.own, stored.digest) == stored.digest


def test_the_digest_of_an_index_is_its_own(site: Site) -> None:
    stored = site.family.images[site.case.own].tags["latest"]
    result = site.client("right").manifest(site.case.own, "latest")
    arm = {"os": "linux", "architecture": "arm64", "variant": "v8"}
    assert (result.digest, result.media_type) == (stored.digest, stored.media_type)
    assert len(result.platforms) == 2
    assert result.platforms[1] == Platform(
        **arm, digest=image(str(arm)).digest, media_type=MANIFEST
    )


def test_a_warm_digest_is_one_request_until_the_token_ended(site: Site) -> None:
    site.client("right").digest(site.case.own, "v1")
    site.world.forget()
    stored = site.family.images[site.case.own].tags["v2"]
    assert site.client("right").digest(site.case.own, "v2") == stored.digest
    assert [request.method for request in site.world.requests] == ["HEAD"]
    site.family.forget_tokens()
    assert site.client("right").digest(site.case.own, "v2") == stored.digest


def test_an_image_that_the_account_may_not_read(site: Site) -> None:
    """It is the image that is refused, not the account; the check says both."""
    if site.case.denied is None:
        assert site.client("right").digest(DENIED, "v1")
        return
    error = site.error("right", DENIED)
    assert (type(error), error.code) == (site.case.denied, "no_access_to_image")
    outcome = site.client("right").check(DENIED, "v1")
    assert (outcome.verdict, outcome.code) == (Verdict.VALID, "no_access_to_image")


def test_a_tag_that_is_not_there(site: Site) -> None:
    error = site.error("right", site.case.own, "v99")
    assert (type(error), error.code) == (NotFound, "tag_not_found")
    outcome = site.client("right").check(site.case.own, "v99")
    assert (outcome.verdict, outcome.code) == (Verdict.VALID, "tag_not_found")


def test_a_repository_that_is_not_there(site: Site) -> None:
    error = site.error("right", ABSENT)
    expected = "tag_not_found" if isinstance(site.family, DockerHub) else site.case.absent
    assert (type(error), error.code) == (NotFound, expected)
    with fails("repository_not_found"):
        site.client("right").tags(ABSENT)


def test_what_everybody_may_read(site: Site) -> None:
    if site.case.none is None or site.case.none[0] == Verdict.MISCONFIGURED:
        assert site.client("right").digest(PUBLIC, "v1")
        return
    assert site.client("none").digest(PUBLIC, "v1")
    error = site.error("none", PRIVATE)
    assert (type(error), error.code) == (ImageDenied, "no_access_to_image")


def test_wrong_credentials_read_nothing(site: Site) -> None:
    error = site.error("wrong", site.case.own)
    if site.case.reads_as_guest:
        assert isinstance(error, ImageDenied)
    else:
        assert (type(error), error.code) == (Rejected, "bad_credentials")


def test_many_digests_at_once(site: Site) -> None:
    repositories = [PUBLIC, site.case.own, DENIED]
    pairs = [(name, tag) for name in repositories for tag in ("v1", "v2", "latest")]
    digests = site.client("right").digests([*pairs, ("UPPER", "v1")])
    for (name, tag), result in zip(pairs, digests, strict=False):
        if name == DENIED and site.case.denied:
            assert isinstance(result, site.case.denied)
        else:
            assert result == site.family.images[name].tags[tag].digest
    assert isinstance(digests[-1], Misconfigured)
