"""A service principal at a fake tenant and a fake login server."""

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registries.client.deadline import Deadline
from registries.client.errors import ClientError, Misconfigured, Rejected
from registries.client.exchange import Exchanged, exchange
from registries.credentials import AzurePrincipal, IdentityToken
from tests.client.calls import code_of, fails
from tests.client.transports import transport
from tests.fakes.family import problem
from tests.fakes.server import FakeServer, Reply, Request

ENTRA = "https://login.microsoftonline.com"
LOGIN_SERVER = "https://example.azurecr.io"
TENANT = "0f0e0d0c-0b0a-0908-0706-050403020100"
CLIENT = "00112233-4455-6677-8899-aabbccddeeff"
SECRET = secrets.token_urlsafe(30)
ACCESS = secrets.token_urlsafe(40)
EXPIRES = 2_000_000_000


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


REFRESH = f"{part({'alg': 'RS256'})}.{part({'exp': EXPIRES})}.{secrets.token_hex(8)}"


class Entra:
    """A tenant: its discovery document and its token endpoint."""

    def __init__(
        self,
        authority: str = ENTRA,
        scope: str = "https://management.azure.com/.default",
        endpoint: str = "",
    ) -> None:
        self.base = f"{authority}/{TENANT}"
        self.scope = scope
        self.endpoint = endpoint or f"{self.base}/oauth2/v2.0/token"

    def __call__(self, request: Request) -> Reply:
        if request.target == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            document = {
                "authorization_endpoint": f"{self.base}/oauth2/v2.0/authorize",
                "token_endpoint": self.endpoint,
                "issuer": f"{self.base}/v2.0",
            }
            return Reply(200, json.dumps(document).encode())
        if request.method == "GET":
            return Reply(400, b'{"error": "invalid_tenant", "error_codes": [90002]}')
        assert request.path == f"/{TENANT}/oauth2/v2.0/token"
        form = {name: value for name, (value,) in request.form.items()}
        assert form["grant_type"] == "client_credentials"
        assert request.headers["Accept"] == "application/json"
        assert form["scope"] == self.scope
        if (form["client_id"], form["client_secret"]) != (CLIENT, SECRET):
            return Reply(
                401, b'{"error": "invalid_client", "error_description": "words of theirs"}'
            )
        return Reply(
            200,
            json.dumps(
                {"token_type": "Bearer", "expires_in": 3599, "access_token": ACCESS}
            ).encode(),
        )


def acr(request: Request) -> Reply:
    assert (request.method, request.target) == ("POST", "/oauth2/exchange")
    assert request.form == {
        "grant_type": ["access_token"],
        "service": ["example.azurecr.io"],
        "tenant": [TENANT],
        "access_token": [ACCESS],
    }
    return Reply(200, json.dumps({"refresh_token": REFRESH}).encode())


def call(
    entra: FakeServer,
    registry: FakeServer,
    *,
    tenant: str = TENANT,
    secret: str = SECRET,
    seconds: float = 10,
    authority: str = ENTRA,
    login_server: str = LOGIN_SERVER,
) -> Exchanged:
    return exchange(
        AzurePrincipal(tenant, CLIENT, secret),
        registry=login_server,
        transport=transport(endpoints={login_server: registry.origin, authority: entra.origin}),
        deadline=Deadline(seconds),
    )


def failure(entra: Any, registry: Any = acr, **more: Any) -> ClientError:
    with (
        FakeServer(entra) as tenant,
        FakeServer(registry) as login_server,
        pytest.raises(ClientError) as caught,
    ):
        call(tenant, login_server, **more)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return caught.value


def test_exchange() -> None:
    with FakeServer(Entra()) as entra, FakeServer(acr) as registry:
        result = call(entra, registry)
    assert (result.credential, result.registry) == (IdentityToken(REFRESH), None)
    assert result.expires_at == datetime.fromtimestamp(EXPIRES, UTC)
    assert [request.method for request in entra.requests] == ["GET", "POST"]
    assert SECRET not in str([(one.target, one.body) for one in registry.requests])


def test_tenant_by_domain() -> None:
    def entra(request: Request) -> Reply:
        return Entra()(
            Request(
                request.method,
                request.target.replace("/contoso.onmicrosoft.com/", f"/{TENANT}/"),
                request.headers,
                request.body,
            )
        )

    def registry(request: Request) -> Reply:
        assert request.form["tenant"] == ["contoso.onmicrosoft.com"]
        return Reply(200, json.dumps({"refresh_token": REFRESH}).encode())

    with FakeServer(entra) as tenant, FakeServer(registry) as login_server:
        result = call(tenant, login_server, tenant="contoso.onmicrosoft.com")
    assert result.credential == IdentityToken(REFRESH)


@pytest.mark.parametrize(
    ("login_server", "authority", "scope"),
    [
        (
            "https://example.azurecr.cn",
            "https://login.partner.microsoftonline.cn",
            "https://management.chinacloudapi.cn/.default",
        ),
        (
            "https://example.azurecr.us",
            "https://login.microsoftonline.us",
            "https://management.usgovcloudapi.net/.default",
        ),
    ],
)
def test_national_clouds(login_server: str, authority: str, scope: str) -> None:
    """The login server's ending says which cloud signs its principals in."""
    answer = json.dumps({"refresh_token": REFRESH}).encode()
    with (
        FakeServer(Entra(authority, scope)) as entra,
        FakeServer(lambda _: Reply(200, answer)) as registry,
    ):
        result = call(entra, registry, authority=authority, login_server=login_server)
    assert result.credential == IdentityToken(REFRESH)


def test_regional_login_server() -> None:
    """A replica is asked at its own name for the token of the registry that it belongs to."""
    replica = "https://example.westeurope.geo.azurecr.io"
    with FakeServer(Entra()) as entra, FakeServer(acr) as registry:
        result = call(entra, registry, login_server=replica)
    assert result.credential == IdentityToken(REFRESH)


def test_wrong_secret() -> None:
    result = failure(Entra(), secret="wrong")
    assert isinstance(result, Rejected)
    assert "theirs" not in str(result)


def test_no_registry() -> None:
    with fails("image_needed"):
        exchange(
            AzurePrincipal(TENANT, CLIENT, SECRET),
            registry=None,
            transport=transport(),
            deadline=Deadline(1),
        )


def test_unknown_tenant() -> None:
    assert code_of(failure(Entra(), tenant=TENANT.replace("0", "f"))) == "unknown_tenant"


@pytest.mark.parametrize(
    "tenant", ["", "common", "organizations", "a/b", "../x", "x?y", "x.y\n", "evil.example/", "ä.b"]
)
def test_tenants_that_are_none(tenant: str) -> None:
    """#50: the tenant is part of a URL; nothing is asked for what is none."""
    with FakeServer(Entra()) as entra, FakeServer(acr) as registry:
        with pytest.raises(Misconfigured) as caught:
            call(entra, registry, tenant=tenant)
        assert entra.requests == []
    assert caught.value.code == "unknown_tenant"


def test_token_endpoint_elsewhere() -> None:
    """#50: the secret goes to the authority's own host, whatever its discovery document says."""
    with FakeServer(lambda _: Reply(200, b"{}")) as evil:
        result = failure(Entra(endpoint=f"{evil.origin}/token"))
    assert isinstance(result, Misconfigured)
    assert (result.code, result.params) == (
        "foreign_realm",
        {"host": f"127.0.0.1:{evil.port}"},
    )
    assert evil.requests == []


def test_token_endpoint_that_names_the_target() -> None:
    """Read as the original, as any address is that a server names; one may stand in for both."""
    entra = Entra()
    both = FakeServer(lambda request: (acr if "exchange" in request.path else entra)(request))
    with both:
        entra.endpoint = f"{both.origin}/{TENANT}/oauth2/v2.0/token"
        result = call(both, both)
    assert result.credential == IdentityToken(REFRESH)


# The code of an unknown tenant, behind others.
DEEP = b'{"error": "x", "error_codes": [%b90002]}' % (b"1, " * 20)


def token_endpoint(reply: Reply) -> Any:
    entra = Entra()
    return lambda request: entra(request) if request.method == "GET" else reply


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(400, b'{"error": "unauthorized_client"}'), "bad_credentials"),
        (Reply(400, b'{"error": "invalid_request", "error_codes": [90002]}'), "unknown_tenant"),
        (Reply(400, DEEP), "bad_credentials"),
        (Reply(400, b'{"error": "x", "error_description": "\xff"}'), "bad_credentials"),
        (Reply(401, b'{"error": "invalid_client", "error_codes": [700024]}'), "clock_skew"),
        (Reply(400, b'{"error": "invalid_grant", "error_codes": [500133]}'), "clock_skew"),
        # The secret has come to its end: the clock is right.
        (Reply(401, b'{"error": "invalid", "error_codes": [7000222]}'), "bad_credentials"),
        (Reply(200, b'{"access_token": 5}'), "bad_answer"),
        (Reply(200, b'{"access_token": "a b"}'), "bad_answer"),
        (Reply(200, b'{"access_token": "a", "expires_in": "x"}'), "bad_answer"),
        (Reply(200, b'{"error": null, "error_codes": 5}'), "bad_credentials"),
    ],
)  # fmt: skip
def test_tenant_that_refuses(reply: Reply, code: str) -> None:
    """#42: only our own error comes out of whatever the tenant answers."""
    result = failure(token_endpoint(reply))
    assert code_of(result) == code
    assert result.params in ({}, {"host": "login.microsoftonline.com"})


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(404, b""), "unknown_tenant"),
        (Reply(200, b'{"token_endpoint": 5, "authorization_endpoint": 5}'), "bad_answer"),
    ],
)
def test_discovery_that_fails(reply: Reply, code: str) -> None:
    result = failure(lambda _: reply)
    assert result.code == code
    assert result.params in ({}, {"host": "login.microsoftonline.com"})


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(401, b"{}"), "no_permission"),
        (Reply(403, b"{}"), "no_permission"),
        (Reply(404, b""), "not_a_registry"),
        (Reply(400, b"{}"), "bad_answer"),
        (Reply(201, b'{"refresh_token": "token"}'), "bad_answer"),
        (Reply(200, b'{"refresh_token": 5}'), "bad_answer"),
        (Reply(200, b'{"refresh_token": "two\\nlines"}'), "bad_answer"),
    ],
)
def test_login_server_that_refuses(reply: Reply, code: str) -> None:
    result = failure(Entra(), lambda _: reply)
    assert code_of(result) == code
    assert result.params in ({}, {"host": "example.azurecr.io"})


@pytest.mark.parametrize(
    ("ping", "code"),
    [
        (problem(403, "DENIED"), "site_refused"),
        (problem(401, "UNAUTHORIZED"), "no_permission"),
        (Reply(403, b"<html>"), "no_permission"),
        (Reply(307, b"", {"Location": "http://evil.example/"}), "no_permission"),
    ],
)
def test_a_firewall_is_not_taken_for_a_missing_permission(ping: Reply, code: str) -> None:
    """The registry's firewall answers whoever calls alike, with an identity or without."""

    def registry(request: Request) -> Reply:
        if request.path == "/v2/":
            assert request.authorization is None
            return ping
        return problem(403, "DENIED")

    assert code_of(failure(Entra(), registry)) == code


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b.c",
        f"a.{part({})}.c",
        f"a.{part({'exp': 'x'})}.c",
        f"a.{part({'exp': 1e300})}.c",
    ],
)
def test_token_that_does_not_say_how_long_it_lives(token: str) -> None:
    answer = json.dumps({"refresh_token": token}).encode()
    with FakeServer(Entra()) as entra, FakeServer(lambda _: Reply(200, answer)) as registry:
        ahead = call(entra, registry).expires_at - datetime.now(UTC)
    assert timedelta() < ahead <= timedelta(seconds=60)
