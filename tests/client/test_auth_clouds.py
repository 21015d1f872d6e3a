"""Identities of clouds: exchanged, kept until they end, renewed once."""

import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from registries.client.account import Account
from registries.client.client import Client
from registries.client.context import Context
from registries.client.deadline import Deadline
from registries.client.errors import ClientError, ImageDenied
from registries.client.tokens import Cache, MemoryTokens
from registries.credentials import AwsKeys, AzurePrincipal, Credential, GoogleServiceAccount
from registries.endpoint import Endpoint, Proof
from registries.kinds import KINDS
from tests.client.calls import fails
from tests.client.conftest import Serve
from tests.fakes.clouds import (
    GOOGLE_TOKENS,
    TENANT,
    Azure,
    AzureTenant,
    Ecr,
    EcrPublic,
    Google,
)
from tests.fakes.family import Family
from tests.fakes.images import DENIED, PRIVATE, PUBLIC
from tests.fakes.server import Reply, Request
from tests.fakes.world import World, transport

# The kind of each family's rows, and the names of what it is given.
ROWS = {
    Azure: ("acr", ("clientid", "clientsecret"), {}),
    AzureTenant: ("acr", ("clientid", "clientsecret"), {"tenantid": TENANT}),
    Ecr: ("ecr", ("accesskey", "secretaccesskey"), {"region": "eu-west-1"}),
    EcrPublic: ("ecr", ("accesskey", "secretaccesskey"), {"region": "eu-west-1"}),
    Google: ("gcr", ("clientemail", "privatekey"), {}),
}


def cloud_parts(
    family: Family, pair: tuple[str, str], host: str | None = ""
) -> tuple[Endpoint, Credential]:
    """Endpoint and credential as the kinds make them; an empty host is the family's own."""
    slug, names, fixed = next(
        row for kind, row in reversed(ROWS.items()) if isinstance(family, kind)
    )
    values = {**dict(zip(names, pair, strict=True)), **fixed}
    prefix = "public.ecr.aws" if isinstance(family, EcrPublic) else ""
    if host == "":
        host = family.origin.removeprefix("https://")
    kind = KINDS[slug]
    return kind.endpoint(values, host), kind.credential(values, host or "", prefix)


def cloud(world: World, family: Family, host: str | None = "") -> Client:
    return world.client(*cloud_parts(family, family.right, host))


@pytest.mark.parametrize(
    ("seconds", "kept"), [(-100, False), (0, False), (200, False), (999, True)]
)
def test_an_exchange_serves_until_it_is_about_to_end(
    serve: Serve, seconds: int, *, kept: bool
) -> None:
    """Twelve hours of ECR, one call of the API."""

    class Short(Ecr):
        def data(self, data: dict[str, Any]) -> Any:
            return [data | {"expiresAt": time.time() + seconds}]

    family, world = serve(Short)
    for calls in (1, 2):
        assert cloud(world, family).digest(PRIVATE, "v1")
        assert len(world.servers[family.api].requests) == (1 if kept else calls)


@pytest.mark.parametrize("kind", [Ecr, EcrPublic])
def test_an_exchange_that_ended_is_renewed_once(serve: Serve, kind: type[Ecr]) -> None:
    """Private ECR answers 403 to a password that ended, the public one 400 to a token."""
    family, world = serve(kind)
    assert cloud(world, family).digest(PUBLIC, "v1")
    family.renew_password()
    family.forget_tokens()
    assert cloud(world, family).digest(PUBLIC, "v1")
    assert len(world.servers[family.api].requests) == 2
    scopes = [r.query["scope"] for r in world.requests if "scope" in r.query]
    assert all(scope == [f"repository:{PUBLIC}:pull"] for scope in scopes)


def test_what_an_exchange_is_kept_for() -> None:
    """#48: a refresh token of ACR opens one registry, other clouds' passwords all of an account."""
    azure = AzurePrincipal(TENANT, "id", "x")
    aws, google = AwsKeys("eu-west-1", "AKIA", "x"), GoogleServiceAccount("a@example.com", "x")

    def key(credential: Credential, url: str | None = "https://one.example.com") -> str:
        cache = Cache(MemoryTokens(), "row 1", lambda: 1.0)
        context = Context(Endpoint(url=url), transport({}), Deadline(1), cache)
        return Account(context, credential)._key

    assert len({key(azure), key(aws), key(google), key(AwsKeys("eu-west-2", "AKIA", "x"))}) == 4
    for credential, keys in ((azure, 3), (aws, 1), (google, 1)):
        places = ("https://one.example.com", "https://two.example.com", None)
        assert len({key(credential, place) for place in places}) == keys


@pytest.mark.parametrize("kind", [Google, AzureTenant])
def test_an_exchange_that_the_token_server_refuses_is_renewed_once(
    serve: Serve, kind: type[Google] | type[AzureTenant]
) -> None:
    """It answers 401 to what has ended: one more exchange, one more question."""
    family, world = serve(kind)
    assert cloud(world, family).digest(PRIVATE, "v1")
    family.renew_password()
    family.forget_tokens()
    world.forget()
    assert cloud(world, family).digest(PRIVATE, "v1")
    paths = [request.path for request in world.servers[family.origin].requests]
    assert paths.count(urlsplit(family.realm).path) == 2


def test_a_new_exchange_that_is_refused_is_not_repeated(serve: Serve) -> None:
    """One exchange; the registry is pinged, and asked with HEAD, then once with GET."""
    family, world = serve(Ecr)
    with fails("no_access_to_image"):
        cloud(world, family).digest("acme/denied", "v1")
    assert len(world.servers[family.api].requests) == 1
    methods = [request.method for request in world.servers[family.origin].requests]
    assert methods == ["GET", "HEAD", "GET"]


def test_a_check_exchanges_anew(serve: Serve) -> None:
    """What is remembered proves nothing about today's keys."""
    family, world = serve(Ecr)
    cloud(world, family).digest(PRIVATE, "v1")
    family.right = ("AKIAOTHEROTHEROTHER1", "x")
    endpoint, credential = cloud_parts(family, ("AKIARIGHTRIGHTRIGHT1", "x"))
    outcome = world.client(endpoint, credential).check()
    assert outcome.code == "bad_credentials"
    assert [(step.slug, step.passed) for step in outcome.steps] == [("credentials", False)]


def test_what_a_check_exchanged_serves_until_it_ends(serve: Serve) -> None:
    """Nothing is newer for an image that is denied, and the next call needs no exchange."""
    family, world = serve(Ecr)
    assert cloud(world, family).check(DENIED, "v1").code == "no_access_to_image"
    assert cloud(world, family).digest(PRIVATE, "v1")
    assert len(world.servers[family.api].requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_clouds_account_is_not_doubted(serve: Serve, status: int) -> None:
    """gcr.io says 401 or 403 of a repository; the account was accepted by Google."""

    class Refusing(Google):
        def token(self, request: Request) -> Reply:
            self.ledger.see(request, self.origin)
            return Reply(status)

    family, world = serve(Refusing)
    with pytest.raises(ImageDenied):
        cloud(world, family).digest(PRIVATE, "v1")
    assert [request.path for request in world.servers[family.origin].requests] == [
        "/v2/",
        "/v2/token",
    ]


def test_a_refresh_token_is_proven_without_a_scope(serve: Serve) -> None:
    family, world = serve(AzureTenant)
    endpoint, credential = cloud_parts(family, family.right)
    client = world.client(replace(endpoint, proof=Proof.TOKEN), credential)
    assert client.check().code == "signed_in"
    [sent] = [r.form for r in world.servers[family.origin].requests if "refresh_token" in r.form]
    assert sorted(sent) == ["grant_type", "refresh_token", "service"]


def test_a_refresh_token_asks_for_several_repositories_at_once(serve: Serve) -> None:
    family, world = serve(AzureTenant)
    names = [f"acme/app-{number}" for number in range(5)]
    family.images = dict.fromkeys(names, family.images[PUBLIC])
    assert len(set(cloud(world, family).digests([(name, "v1") for name in names]))) == 1
    [sent] = [r.form for r in world.servers[family.origin].requests if "refresh_token" in r.form]
    scopes = sent["scope"][0].split(" ")
    assert [scope.split(":")[1] for scope in scopes] == names


def test_a_refresh_token_is_nothing_for_a_registry_that_asks_for_a_password(serve: Serve) -> None:
    class Asking(AzureTenant):
        def ping(self, request: Request) -> Reply:
            return Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})

    family, world = serve(Asking)
    with fails("unsupported_scheme"):
        cloud(world, family).digest(PRIVATE, "v1")
    sent = [request.authorization for request in world.servers[family.origin].requests]
    assert set(sent) == {None}


def test_an_exchange_is_not_renewed_for_an_image_that_is_denied(serve: Serve) -> None:
    """A 403 of gcr.io is about the image: what was kept is as good as something newer."""
    family, world = serve(Google)
    assert cloud(world, family).digest(PRIVATE, "v1")
    with pytest.raises(ImageDenied):
        cloud(world, family).digest(DENIED, "v1")
    assert len(world.servers[GOOGLE_TOKENS].requests) == 1


def test_threads_with_an_exchange_that_ended_share_the_new_one(serve: Serve) -> None:
    """Each of them is refused with the old password; one fetches the new one for all."""
    family, world = serve(Ecr)
    family.images = dict.fromkeys([f"acme/app-{n}" for n in range(40)], family.images[PUBLIC])
    pairs = [(name, "v1") for name in family.images]
    assert len(set(cloud(world, family).digests(pairs))) == 1
    family.renew_password()
    digests = cloud(world, family).digests(pairs)
    assert set(digests) == {family.images["acme/app-1"].tags["v1"].digest}
    assert len(world.servers[family.api].requests) == 2


OWN = "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    "named",
    [
        None,
        "",
        OWN.replace("https:", "http:"),
        OWN.replace("eu-west-1", "us-east-1"),
        f"{OWN}.evil.net",
        f"{OWN}:8443",
        OWN.replace("://", "://evil.net/"),
        OWN.replace("://", "://reader@"),
        "not an address",
    ],
)
def test_an_exchange_names_no_registry_that_is_not_the_rows(
    serve: Serve, named: str | None
) -> None:
    """#48: what the API names as a host is believed by the row's own pattern alone."""

    class Naming(Ecr):
        def data(self, data: dict[str, Any]) -> Any:
            return [data | {"proxyEndpoint": named}]

    family, world = serve(Naming)
    with fails("image_needed"):
        cloud(world, family, host=None).digest(PRIVATE, "v1")
    assert world.servers[family.origin].requests == []


def test_the_registry_that_an_exchange_names(serve: Serve) -> None:
    """#48: ECR rows without a host ask it, where a pattern says which names are theirs."""
    family, world = serve(Ecr)
    endpoint, credential = cloud_parts(family, family.right, host=None)
    with fails("image_needed"):
        world.client(replace(endpoint, hosts=None), credential).digest(PRIVATE, "v1")
    assert world.servers[family.origin].requests == []
    assert world.client(endpoint, credential).digest(PRIVATE, "v1")


@pytest.mark.parametrize("kind", [Azure, AzureTenant])
def test_a_login_server_that_nobody_names_is_asked_for(serve: Serve, kind: type[Azure]) -> None:
    family, world = serve(kind)
    endpoint, credential = cloud_parts(family, family.right, host=None)
    outcome = world.client(endpoint, credential).check()
    assert (outcome.verdict, outcome.code) == ("misconfigured", "image_needed")
    assert world.requests == []


def test_tags_of_acr_need_an_action_of_their_own(serve: Serve) -> None:
    """Source: https://github.com/renovatebot/renovate/issues/14708."""
    family, world = serve(Azure)
    endpoint, credential = cloud_parts(family, family.right)
    assert world.client(endpoint, credential).tags(PRIVATE)
    with pytest.raises(ClientError):
        world.account(family, actions="pull").tags(PRIVATE)
