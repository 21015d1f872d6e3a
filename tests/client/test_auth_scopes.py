"""The scopes that a registry demands besides those that were asked for."""

from collections.abc import Sequence

import pytest

from registries.client.errors import ImageDenied
from tests.client.calls import fails
from tests.client.conftest import Serve
from tests.fakes.images import PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger
from tests.fakes.selfhosted import TokenRegistry
from tests.fakes.server import Reply, Request
from tests.fakes.world import World


class Demanding(TokenRegistry):
    """A registry that wants a scope of its own besides ours."""

    demanded = ""

    def refusal(self, request: Request, repository: str) -> Reply | None:
        if request.bearer in self._granted and self.demanded in self.scopes[-1]:
            return None
        header = self.challenge(None, scope=self.demanded, error="insufficient_scope")
        return Reply(401, b"", {"WWW-Authenticate": header})

    def token(self, request: Request) -> Reply:
        self.scopes.append(request.query.get("scope", []))
        return super().token(request)

    def __init__(self, ledger: Ledger) -> None:
        self.scopes: list[list[str]] = []
        super().__init__(ledger)


@pytest.fixture
def demanding(serve: Serve) -> tuple[Demanding, World]:
    return serve(Demanding)


def test_a_demanded_scope_is_asked_for_once_and_first(
    demanding: tuple[Demanding, World],
) -> None:
    family, world = demanding
    family.demanded = f"repository:{PRIVATE}:pull,metadata_read"
    assert world.account(family).digest(PRIVATE, "v1")
    mine = f"repository:{PRIVATE}:pull"
    assert family.scopes == [[mine], [family.demanded, mine]]
    world.forget()
    assert world.account(family).digest(PRIVATE, "v2")
    assert len(world.requests) == 1


@pytest.mark.parametrize(
    "scope",
    [
        f"repository:{PUBLIC}:pull",
        "repository:other/app:pull,push,delete",
        "registry:catalog:*",
        "*",
    ],
)
def test_a_token_server_elsewhere_grants_nothing_but_this_repository(
    demanding: tuple[Demanding, World], scope: str
) -> None:
    """#35: one registry must not get a token that opens another's images."""
    family, world = demanding
    family.demanded = scope
    with pytest.raises(ImageDenied):
        world.account(family).digest(PRIVATE, "v1")
    assert family.scopes == [[f"repository:{PRIVATE}:pull"]]


def test_at_home_any_scope_may_be_demanded(serve: Serve) -> None:
    """The registry that demands is the one that grants, as public.ecr.aws does."""

    class Home(Demanding):
        realm = "https://registry.example.com/token"
        demanded = "aws"

        def readable(self, user: str | None, name: str) -> bool:
            return True

    family, world = serve(Home)
    assert world.account(family).digest(PRIVATE, "v1")
    assert family.scopes[-1] == ["aws", f"repository:{PRIVATE}:pull"]


class Home(Demanding):
    """Grants what it demands itself, and refuses with these challenges."""

    realm = "https://registry.example.com/token"
    lines: Sequence[str] = ()

    def refusal(self, request: Request, repository: str) -> Reply | None:
        return Reply(401, b"", [("WWW-Authenticate", line) for line in self.lines])


@pytest.mark.parametrize(
    ("demanded", "requested"),
    [
        (["a b c d e"], ["a", "b", "c", "d"]),
        (["a", "b"], ["a"]),
        (["a" * 512], ["a" * 512]),
        (["a" * 513], []),
        (["*"], []),
        (["* a"], ["a"]),
        ([""], []),
        ([f"repository:{PRIVATE}:push,pull"], []),
        ([f"repository:{PRIVATE}:push"], []),
        ([f"repository:{PRIVATE}:pull,delete"], [f"repository:{PRIVATE}:pull,delete"]),
    ],
)
def test_which_scopes_may_be_demanded_at_home(
    serve: Serve, demanded: list[str], requested: list[str]
) -> None:
    """The first challenge's, four at most, none that is no scope or that we have already."""
    family, world = serve(Home)
    family.lines = [family.challenge(None, scope=text) for text in demanded]
    with pytest.raises(ImageDenied):
        world.account(family, actions="pull,push").digest(PRIVATE, "v1")
    mine = f"repository:{PRIVATE}:pull,push"
    assert family.scopes == [[mine], *([[*requested, mine]] if requested else [])]


@pytest.mark.parametrize("lines", [[], ["Negotiate"], ['Bearer realm="/token"']])
def test_a_refusal_that_demands_no_scope_is_final(serve: Serve, lines: list[str]) -> None:
    family, world = serve(Home)
    family.lines, family.service = lines, None
    with pytest.raises(ImageDenied):
        world.account(family).digest(PRIVATE, "v1")
    assert family.scopes == [[f"repository:{PRIVATE}:pull"]]


@pytest.mark.parametrize(("actions", "tokens"), [("pull", 1), ("pull,push", 2), ("push", 2)])
def test_a_registry_that_is_never_satisfied_is_asked_no_third_time(
    serve: Serve, actions: str, tokens: int
) -> None:
    class Insatiable(Demanding):
        def refusal(self, request: Request, repository: str) -> Reply | None:
            self.demanded = f"repository:{repository}:{actions}"
            header = self.challenge(None, scope=self.demanded, error="insufficient_scope")
            return Reply(401, b"", {"WWW-Authenticate": header})

    family, world = serve(Insatiable)
    with fails("no_access_to_image"):
        world.account(family).digest(PRIVATE, "v1")
    assert len(family.scopes) == tokens
