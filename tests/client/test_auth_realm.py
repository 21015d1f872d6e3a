"""Who may have the credentials: a registry names its token server, and may name anybody."""

from typing import Any

import pytest
import trustme

from registries.client.errors import ImageDenied
from registries.credentials import Anonymous, Basic
from registries.endpoint import Endpoint, Proof
from registries.verdicts import CODES
from tests.client.calls import fails
from tests.client.conftest import Serve
from tests.fakes.hosted import GitHub, LinuxServer
from tests.fakes.images import PRIVATE, PUBLIC
from tests.fakes.ledger import Ledger, basic
from tests.fakes.selfhosted import TokenRegistry
from tests.fakes.server import FakeServer, Reply, Request
from tests.fakes.world import World, transport

ELSEWHERE = "https://elsewhere.example.net"


class Stranger(TokenRegistry):
    """A registry that names a token server which the row does not name."""

    realm = f"{ELSEWHERE}/token?account=reader"

    def admit_credentials(self) -> None:
        """Nobody may see them."""


@pytest.fixture
def stranger(serve: Serve) -> tuple[Stranger, World]:
    return serve(Stranger)


@pytest.mark.parametrize("proof", [Proof.TOKEN, Proof.COMPARE, Proof.USER_ID])
def test_a_realm_elsewhere_receives_nothing(stranger: tuple[Stranger, World], proof: Proof) -> None:
    """#35: the credentials go nowhere that the row does not name, and the check says where to."""
    family, world = stranger
    outcome = world.account(family, realms=(), proof=proof).check()
    assert (outcome.verdict, outcome.code) == ("misconfigured", "untrusted_realm")
    assert outcome.params == {"host": "elsewhere.example.net", "realm": ELSEWHERE}
    assert ELSEWHERE in CODES["untrusted_realm"].sentence % outcome.params
    with fails("untrusted_realm"):
        world.account(family, realms=(), proof=proof).tags(PUBLIC)
    assert world.servers[ELSEWHERE].requests == []


def test_no_row_is_told_to_name_what_it_cannot_name(stranger: tuple[Stranger, World]) -> None:
    """#35: the clouds' token servers are known: whoever names another one is somebody else."""
    family, world = stranger
    outcome = world.account(family, realms=(), fixed_realm=True).check()
    assert (outcome.verdict, outcome.code) == ("misconfigured", "foreign_realm")
    assert outcome.params == {"host": "elsewhere.example.net"}
    assert "row" not in CODES["foreign_realm"].sentence
    assert world.servers[ELSEWHERE].requests == []


def test_the_realm_that_was_seen_can_be_copied(stranger: tuple[Stranger, World]) -> None:
    """#35: what the verdict offers, entered in the row, signs in."""
    family, world = stranger
    realm = world.account(family, realms=()).check().params["realm"]
    family.ledger.allow(basic(*family.right), ELSEWHERE)
    outcome = world.account(family, realms=(realm,)).check()
    assert (outcome.verdict, outcome.code) == ("valid", "signed_in")


def test_nobodys_credentials_may_be_asked_for_anywhere(stranger: tuple[Stranger, World]) -> None:
    """#35: a row without credentials follows the realm, without any."""
    family, world = stranger
    client = world.client(Endpoint(url=family.origin), Anonymous())
    assert client.tags(PUBLIC) == list(family.images[PUBLIC].tags)
    assert {request.authorization for request in world.servers[ELSEWHERE].requests} == {None}
    with pytest.raises(ImageDenied):
        world.client(Endpoint(url=family.origin), Anonymous()).tags(PRIVATE)


def test_elsewhere_without_the_credentials_where_the_endpoint_allows_it(
    stranger: tuple[Stranger, World],
) -> None:
    """#35: lscr.io has had several back ends: public images there, and never the token."""
    family, world = stranger
    client = world.account(family, realms=(), anonymous_elsewhere=True)
    assert client.digest(PUBLIC, "v1") == family.images[PUBLIC].tags["v1"].digest
    with pytest.raises(ImageDenied):
        client.digest(PRIVATE, "v1")
    assert client.check().code == "untrusted_realm"


def test_lscr_names_ghcr(serve: Serve, ca: trustme.CA) -> None:
    family, world = serve(LinuxServer)
    assert world.account(family).check().code == "signed_in"
    assert any(r.basic == family.right for r in world.servers[GitHub.origin].requests)
    assert not any(r.basic for r in world.servers[LinuxServer.origin].requests)


HOME, PLAIN = "https://r.example.com", "http://r.example.com"


@pytest.mark.parametrize(
    ("own", "realm", "code"),
    [
        (HOME, "http://r.example.com/token", "insecure_realm"),
        (HOME, "http://auth.example.com/token", "insecure_realm"),
        (HOME, "https://r.example.com:8443/token", "untrusted_realm"),
        (HOME, "https://r.example.com.evil.net/token", "untrusted_realm"),
        (HOME, "//evil.net/token", "untrusted_realm"),
        (HOME, "https://r.example.com./token", "untrusted_realm"),
        (HOME, "https://xn--rexample-3ya.com/token", "untrusted_realm"),
        (PLAIN, "http://auth.example.com:8080/token", "untrusted_realm"),
        (PLAIN, "http://auth.example.com./token", "untrusted_realm"),
        (PLAIN, "https://evil.net/token", "untrusted_realm"),
    ],
)
def test_what_looks_like_home_is_not(own: str, realm: str, code: str) -> None:
    """#35: another port, another scheme, a longer name: all are elsewhere."""
    outcome, sent = check_against(own, {"realm": realm}, realms=("http://auth.example.com",))
    scheme, _, host, _ = realm.split("/")
    # What can be copied into the row is the origin alone, rebuilt from its parts.
    origin = {"realm": f"{scheme or 'https:'}//{host}"} if code == "untrusted_realm" else {}
    assert (outcome.code, outcome.params) == (code, {"host": host, **origin})
    assert sent == []


@pytest.mark.parametrize(
    ("realm", "service", "target"),
    [
        ("/token", {"service": "s"}, "/token?service=s"),
        ("token", {"service": "s"}, "/prefix/v2/token?service=s"),
        (f"{HOME}/token?tenant=a%20b", {"service": "s"}, "/token?tenant=a%20b&service=s"),
        ("https://R.EXAMPLE.COM:443/token#part", {"service": "s"}, "/token?service=s"),
        # A service that is not named is not sent.
        ("/token", {}, "/token"),
        ("/token?tenant=a", {}, "/token?tenant=a"),
    ],
)
def test_a_realm_at_home_signs_in(realm: str, service: dict[str, str], target: str) -> None:
    """A relative realm is resolved, and a realm keeps its query."""
    outcome, sent = check_against(f"{HOME}/prefix", {"realm": realm, **service})
    assert outcome.code == "signed_in"
    assert [request.target for request in sent] == [target]
    assert sent[0].basic == ("reader", "secret")


@pytest.mark.parametrize(
    "realm",
    [
        "https://user:pass@r.example.com/token",
        "https://r.example.com\\@evil.net/token",
        "ftp://r.example.com/token",
        "https://[bad/token",
        "javascript:alert(1)",
        "https://r.example.com/to ken",
        "https://2130706433/token",
        "https://r.example.com:0/token",
        "https://r.example.com:65536/token",
        "https://r.example.com:/token",
        "https://r.example.com@evil.net/token",
        "https://r.example%2ecom/token",
        "https://r.example.com\x0bevil.net/token",
        "https://bücher.example/token",
    ],
)
def test_a_realm_that_is_no_address_is_a_bad_answer(realm: str) -> None:
    """#34: what parsers read differently is not read at all."""
    outcome, sent = check_against(HOME, {"realm": realm})
    assert (outcome.verdict, outcome.code) == ("unreachable", "bad_answer")
    assert outcome.params == {"host": "r.example.com"}
    assert sent == []


def test_a_realm_that_names_a_shared_stand_in_is_read_as_the_registrys_own() -> None:
    """Several origins may lead to one mirror, which cannot know whom it was called as."""
    outcome, sent = check_against(PLAIN, {"realm": "{}/token"})
    assert outcome.code == "signed_in"
    assert [request.target for request in sent] == ["/token"]


def check_against(
    own: str, params: dict[str, str], *, realms: tuple[str, ...] = ()
) -> tuple[Any, list[Request]]:
    """The check of a registry with a challenge of these parameters, and what came besides pings.

    One server stands in for every origin that may be called; `{}` is its own.
    """
    quoted = ",".join(f'{name}="{value}"' for name, value in params.items())

    def handler(request: Request) -> Reply:
        if request.path.endswith("/v2/"):
            header = f"Bearer {quoted}".replace("{}", server.origin).encode().decode("latin-1")
            return Reply(401, b"", {"WWW-Authenticate": header})
        return Reply(200, b'{"token": "granted"}')

    with FakeServer(handler) as server:
        origins = [HOME, PLAIN, "http://auth.example.com", "https://evil.net"]
        names = dict.fromkeys(origins, server.origin)
        world = World({}, Ledger())
        client = world.client(
            Endpoint(url=own, realms=realms), Basic("reader", "secret"), transport=transport(names)
        )
        outcome = client.check()
        return outcome, [r for r in server.requests if not r.path.endswith("/v2/")]


def test_a_realm_that_names_the_stand_in_is_read_as_the_original(serve: Serve) -> None:
    """A mirror answers with its own name; what may have the credentials is decided on ours."""

    class Mirror(TokenRegistry):
        stand_in = ""

        def challenge(self, repository: str | None = None, **more: str) -> str:
            return super().challenge(repository, realm=f"{self.stand_in}/token", **more)

    family, world = serve(Mirror)
    family.stand_in = world.servers[family.realm_origin].origin
    assert world.account(family).check().code == "signed_in"
    assert world.account(family, realms=()).check().params == {
        "host": "auth.example.com",
        "realm": "https://auth.example.com",
    }


def test_basic_is_not_sent_where_the_registry_asks_for_a_token(serve: Serve) -> None:
    """#35: the registry itself sees the bearer token alone."""
    family, world = serve(TokenRegistry)
    world.account(family).digest(PRIVATE, "v1")
    assert basic(*family.right) not in [
        request.authorization for request in world.servers[family.origin].requests
    ]
