"""What is odd about Artifactory: whom it lets in without an account, and whom it shuts out."""

import pytest

from tests.fakes.family import answer, problem
from tests.fakes.images import PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import Artifactory
from tests.fakes.server import Reply, Request
from tests.fakes.world import World
from tests.kinds.facts import FACTS

CASE = FACTS["artifactory"].registries["artifactory"]


class Open(Artifactory):
    """Artifactory that allows anonymous access: 200 to everybody at `/v2/`."""

    def ping(self, request: Request) -> Reply:
        return answer({})

    def refusal(self, request: Request, repository: str) -> Reply | None:
        refused = super().refusal(request, repository)
        return None if refused and self.readable(None, repository) else refused


class Suspending(Artifactory):
    """Refuses an account for up to a minute after several failures, right ones included.

    Source: jfrog.com/help, "ARTIFACTORY: Intermittent 403 errors while working with Artifactory".
    """

    def granted(self, user: str | None, requested: list[str]) -> Reply:
        return problem(403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("family_of", "who", "image", "expected"),
    [
        # Nothing is proven until an image is named that guests may not read.
        (Open, "right", (), ("unproven", "open_registry")),
        (Open, "wrong", (), ("unproven", "open_registry")),
        (Open, "none", (), ("anonymous", "public")),
        (Open, "right", (PUBLIC, "v1"), ("unproven", "open_registry")),
        (Open, "right", (PRIVATE, "v1"), ("valid", "signed_in")),
        (Open, "wrong", (PRIVATE, "v1"), ("rejected", "bad_credentials")),
        (Open, "none", (PUBLIC, "v1"), ("anonymous", "public")),
        (Open, "none", (PRIVATE, "v1"), ("anonymous", "no_access_to_image")),
        # The account is told to wait; what it signs in with may well be right.
        (Suspending, "right", (), ("misconfigured", "token_server_refused")),
        (Suspending, "right", (PRIVATE, "v1"), ("misconfigured", "token_server_refused")),
    ],
)
def test_what_a_check_says(
    family_of: type[Artifactory], who: str, image: tuple[str, ...], expected: tuple[str, str]
) -> None:
    family = family_of(Ledger())
    with World.of(family) as world:
        pair = {"right": family.right, "wrong": family.wrong, "none": None}[who]
        outcome = CASE.client(world, pair).check(*image)
    assert (outcome.verdict, outcome.code) == expected
