"""What is odd about Artifactory: where images and token servers are, and whom it shuts out."""

import pytest

from registries.kinds import KINDS
from registries.models import Registry
from tests.factories import create
from tests.fakes.family import problem
from tests.fakes.images import PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger, basic
from tests.fakes.selfhosted import Artifactory, OpenArtifactory
from tests.fakes.server import Handler, Reply
from tests.fakes.world import World
from tests.kinds.facts import FACTS

KIND = KINDS["artifactory"]
CASE = FACTS["artifactory"].registries["artifactory"]
HOST = "https://artifactory.acme.example"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "image", "result"),
    [
        ("https://acme.jfrog.io", "acme.jfrog.io/docker-local/team/app:1", True),
        ("acme.jfrog.io/artifactory/api/docker/docker-local", "acme.jfrog.io/other/app", True),
        ("https://acme.jfrog.io/ui/repos", "acme.jfrog.io/docker-local/app", True),
        ("https://acme.jfrog.io", "evil.jfrog.io/docker-local/app", False),
        ("https://acme.jfrog.io", "acme-docker-local.jfrog.io/app", False),
        ("https://acme-docker-local.jfrog.io", "acme-docker-local.jfrog.io/app", True),
        ("https://docker-local.acme.example", "docker-local.acme.example/team/app", True),
        ("https://docker-local.acme.example", "other.acme.example/team/app", False),
        ("https://acme.example:8876", "acme.example:8876/app", True),
        ("https://acme.example:8876", "acme.example:8877/app", False),
    ],
)
def test_a_row_answers_for_its_host_whatever_the_method(url: str, image: str, result: bool) -> None:
    """Paths share a host; with subdomains and ports each repository has its own."""
    create("artifactory", name="Own", url=url)
    row = Registry.objects.resolve(image)
    assert (row is not None) is result


@pytest.mark.django_db
def test_one_repository_may_have_another_user() -> None:
    create("artifactory", name="All", url="https://acme.jfrog.io")
    create("artifactory", name="Team", url="https://acme.jfrog.io", prefix="acme.jfrog.io/team")
    rows = [
        Registry.objects.resolve(f"acme.jfrog.io/{path}/app") for path in ("team", "docker-local")
    ]
    assert [row and row.name for row in rows] == ["Team", "All"]


def at(origin: str, realm: str) -> Artifactory:
    own = {"origin": origin, "realm": realm, "service": origin.removeprefix("https://")}
    return type("Artifactory", (Artifactory,), own)(Ledger())


def check(family: Artifactory, *image: str, **more: str) -> tuple[str, str]:
    values = {**CASE.values(family.right), "url": family.origin, **more}
    with World.of(family) as world:
        client = world.client(KIND.endpoint(values, None), KIND.credential(values, None, ""))
        outcome = client.check(*image)
    return outcome.verdict, outcome.code


@pytest.mark.parametrize(
    ("origin", "realm"),
    [
        ("https://acme.jfrog.io", "https://acme.jfrog.io/v2/token"),
        (HOST, f"{HOST}/artifactory/api/docker/null/v2/token"),
        (f"{HOST}:8876", f"{HOST}:8876/artifactory/api/docker/docker-local/v2/token"),
        ("https://docker-local.acme.example", "https://docker-local.acme.example/v2/token"),
    ],
)
def test_the_token_server_is_on_the_repositorys_own_host(origin: str, realm: str) -> None:
    assert check(at(origin, realm), PRIVATE, "v1") == ("valid", "signed_in")


class Unencrypted(Artifactory):
    """Behind a proxy that ends TLS and does not say so."""

    realm = "http://acme.jfrog.io/v2/token"

    def servers(self) -> dict[str, Handler]:
        return {self.origin: self.registry}


@pytest.mark.parametrize(
    ("family", "code"),
    [
        (Unencrypted(Ledger()), "insecure_realm"),
        (at(HOST, f"{HOST}:8081/artifactory/api/docker/null/v2/token"), "untrusted_realm"),
        (at("https://docker-local.acme.example", f"{HOST}/v2/token"), "untrusted_realm"),
    ],
)
def test_a_wrong_base_url_is_sent_nothing(family: Artifactory, code: str) -> None:
    """The realm is made of what Artifactory believes its address to be."""
    assert check(family) == ("misconfigured", code)
    assert basic(*family.right) not in {secret for secret, _ in family.ledger.seen}


def test_the_row_may_name_the_host_of_the_base_url() -> None:
    family = at("https://docker-local.acme.example", f"{HOST}/v2/token")
    assert check(family, PRIVATE, "v1", authurl=HOST) == ("valid", "signed_in")


def test_the_next_page_is_asked_where_the_first_one_was() -> None:
    """Links lack the repository's key: https://github.com/renovatebot/renovate/issues/15080."""
    family = Artifactory(Ledger())
    with World.of(family) as world:
        tags = CASE.client(world, family.right).tags(PRIVATE)
        paths = {r.path for r in world.requests if r.path.endswith("/tags/list")}
    assert tags == list(family.images[PRIVATE].tags)
    assert paths == {f"/v2/{PRIVATE}/tags/list"}


@pytest.mark.parametrize(
    ("who", "image", "expected"),
    [
        ("right", (), ("unproven", "open_registry")),
        ("wrong", (), ("unproven", "open_registry")),
        ("none", (), ("anonymous", "public")),
        ("right", (PUBLIC, "v1"), ("unproven", "open_registry")),
        ("right", (PRIVATE, "v1"), ("valid", "signed_in")),
        ("wrong", (PRIVATE, "v1"), ("rejected", "bad_credentials")),
        ("none", (PUBLIC, "v1"), ("anonymous", "public")),
        ("none", (PRIVATE, "v1"), ("anonymous", "no_access_to_image")),
    ],
)
def test_where_anonymous_access_is_allowed(
    who: str, image: tuple[str, ...], expected: tuple[str, str]
) -> None:
    """Nothing is proven until an image is named that guests may not read."""
    family = OpenArtifactory(Ledger())
    with World.of(family) as world:
        pair = {"right": family.right, "wrong": family.wrong, "none": None}[who]
        outcome = CASE.client(world, pair).check(*image)
    assert (outcome.verdict, outcome.code) == expected


class Suspended(Artifactory):
    """Refuses an account for up to a minute after several failures, right ones included.

    Source: jfrog.com/help, "ARTIFACTORY: Intermittent 403 errors while working with Artifactory".
    """

    def granted(self, user: str | None, requested: list[str]) -> Reply:
        return problem(403, "FORBIDDEN")


@pytest.mark.parametrize("image", [(), (PRIVATE, "v1")])
def test_a_suspended_account_is_not_called_wrong(image: tuple[str, ...]) -> None:
    """It is told to wait; what it signs in with may well be right."""
    family = Suspended(Ledger())
    assert check(family, *image) == ("misconfigured", "token_server_refused")
